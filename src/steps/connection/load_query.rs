//! What is read of the tables of one schema to see how fresh its loads are, so that the cost of a table has a bound: the end
//! of an index, a small table, or parts of a large one.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;

use crate::sql::in_schema;

/// Blocks (8 KiB) up to which a table is read whole.
const SMALL: i64 = 128;
/// The same for `_sdc_rejected`, of which there is one a schema.
const SMALL_REJECTED: i64 = 2048;
/// Blocks at the end of a large table that are read, besides as many as [`SMALL`] that are spread over it.
const TAIL: i64 = 32;
/// More rows than this do not fit into a block.
const ROWS_OF_A_BLOCK: i64 = 300;

/// A table with one of Stitch's times.
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    pub(super) name: String,
    owned: bool,
    is_time: bool,
    has_index: bool,
    /// `None`: it is locked.
    pages: Option<i64>,
}

/// What is done about a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// The answer is exact.
    Exact,
    /// Parts of it are read.
    Sample,
    NotOwned,
    Locked,
    OtherType,
    /// There is no login that could read it.
    NoLogin,
}

/// A table and what is done about it.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) table: &'a Table,
    pub(super) treatment: Treatment,
}

impl Table {
    pub(super) fn is_rejected(&self) -> bool {
        self.name == "_sdc_rejected"
    }

    /// Whether an index would make the answer exact.
    pub(super) fn needs_index(&self) -> bool {
        !self.is_rejected() && Part::of(self, true).treatment == Treatment::Sample
    }

    fn small(&self) -> i64 {
        if self.is_rejected() { SMALL_REJECTED } else { SMALL }
    }
}

impl<'a> Part<'a> {
    pub(super) fn of(table: &'a Table, is_in: bool) -> Self {
        let treatment = match table.pages {
            _ if !is_in => Treatment::NoLogin,
            _ if !table.owned => Treatment::NotOwned,
            _ if !table.is_time => Treatment::OtherType,
            None => Treatment::Locked,
            Some(pages) if pages <= table.small() || table.has_index => Treatment::Exact,
            Some(_) => Treatment::Sample,
        };
        Self { table, treatment }
    }

    fn is_read(&self) -> bool {
        matches!(self.treatment, Treatment::Exact | Treatment::Sample)
    }

    /// The rows of the last blocks, by their places. (Before PostgreSQL 14 a range of places is found by reading the whole table.)
    fn tail(&self) -> String {
        let pages = self.table.pages.unwrap_or_default();
        let first = (pages - TAIL).max(0);
        format!(
            "ctid = ANY (ARRAY(SELECT pg_catalog.format('(%s,%s)', b, i)::tid \
             FROM pg_catalog.generate_series({first}, {}) AS b, pg_catalog.generate_series(1, {ROWS_OF_A_BLOCK}) AS i))",
            pages - 1
        )
    }
}

/// The question to Stitch's own login; `None` where there is nothing to read.
pub(super) fn question(schema: &str, tables: &[Part<'_>], within: Duration) -> Option<String> {
    let mut newest = vec!["SELECT NULL::timestamptz AS at".to_owned()];
    let mut rejected = "NULL".to_owned();
    for part in tables.iter().filter(|part| part.is_read()) {
        let table = in_schema(schema, &part.table.name);
        let is_sample = part.treatment == Treatment::Sample;
        if part.table.is_rejected() {
            rejected = format!(
                "(SELECT pg_catalog.count(*) FROM ONLY {table} WHERE _sdc_rejected_at > pg_catalog.now() - '{} s'::interval",
                within.as_secs()
            );
            if is_sample {
                let _ = write!(rejected, " AND {}", part.tail());
            }
            rejected.push(')');
            continue;
        }
        let select = |sample: &str, and: &str| {
            format!(
                "SELECT pg_catalog.max(_sdc_batched_at) AS at FROM ONLY {table}{sample} \
                 WHERE _sdc_batched_at < pg_catalog.now() + '1 day'::interval{and}"
            )
        };
        if is_sample {
            let pages = part.table.pages.unwrap_or(SMALL).max(SMALL);
            // In thousandths of a percent; never less than one.
            let thousandths = (SMALL * 100_000 / pages).max(1);
            newest.push(select(
                &format!(" TABLESAMPLE SYSTEM ({}.{:03})", thousandths / 1000, thousandths % 1000),
                "",
            ));
            newest.push(select("", &format!(" AND {}", part.tail())));
        } else {
            newest.push(select("", ""));
        }
    }
    if newest.len() == 1 && rejected == "NULL" {
        return None;
    }
    Some(format!(
        "SELECT pg_catalog.json_build_object('rejected', {rejected}, 'newest', (SELECT CASE WHEN pg_catalog.max(at) IS NOT NULL \
         THEN pg_catalog.json_build_object('age', pg_catalog.date_part('epoch', pg_catalog.now() - pg_catalog.max(at))::bigint, \
         'at', pg_catalog.to_char(pg_catalog.max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')) END FROM ({}) AS n))::text",
        newest.join(" UNION ALL ")
    ))
}
