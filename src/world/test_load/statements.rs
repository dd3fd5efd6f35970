//! The operations of a load, as statements. Types and names are those of Stitch's documents: `text`, `boolean`, `integer`,
//! `bigint`, `numeric`, `double precision` and `timestamp with time zone`; 63 bytes for a table, 59 for a column, since four are
//! kept for the suffix of a type.

use std::time::Duration;

use crate::names::RoleName;
use crate::sql::{identifier, literal};

/// An operation: its name for the reader, and the statement.
pub(super) struct LoadStatement(pub(super) &'static str, pub(super) String);

/// The columns of the staging table and of the table it is loaded into.
const COLUMNS: &str = "\"Order Id\" bigint NOT NULL, lines integer, amount numeric, price double precision, paid boolean, note text, \
     at timestamp with time zone, _sdc_batched_at timestamp with time zone, _sdc_extracted_at timestamp with time zone, \
     _sdc_received_at timestamp with time zone, _sdc_sequence bigint, _sdc_table_version bigint";

/// In COPY's text format.
const COPY: &str = "COPY staging_0_orders FROM STDIN";

/// One row for it: every type, a tab, a backslash and a letter that is not ASCII in the text, and a NULL.
pub(super) const ROW: &str = "1\t2\t12.50\t0.1\tt\tgr\u{fc}n\\t\\\\\u{2713}\t2024-01-01 00:00:00+00\t2024-01-01 00:00:00+00\t\\N\t2024-01-01 00:00:00+00\t1\t1\n";

/// Begins the transaction, with a limit for every wait for a lock: other sessions queue behind us no longer than that.
pub(super) fn opening(lock: Duration) -> impl Iterator<Item = LoadStatement> {
    [
        LoadStatement("begin a transaction", "BEGIN".to_owned()),
        LoadStatement(
            "limit the wait for locks",
            format!("SET LOCAL lock_timeout = {}", lock.as_millis()),
        ),
    ]
    .into_iter()
}

/// The temporary table that a batch is copied into, and [`ROW`] copied. That comes last: until the row has come, the server
/// takes no other statement.
pub(super) fn staging() -> impl Iterator<Item = LoadStatement> {
    let table = format!("CREATE TEMPORARY TABLE staging_0_orders ({COLUMNS})");
    [
        LoadStatement("create a temporary staging table", table),
        LoadStatement("copy rows into the staging table", COPY.to_owned()),
    ]
    .into_iter()
}

/// The load itself, into tables of this schema whose names begin with `base`.
pub(super) fn loading(schema: &str, base: &str) -> Vec<LoadStatement> {
    let (schema, name) = (identifier(schema), literal(schema));
    let of_table = format!("t.table_schema = {name} AND t.table_name = {}", literal(base));
    let named = |suffix: &str| format!("{schema}.{}", identifier(&format!("{base}{suffix}")));
    let (table, append, view) = (named(""), named(" Log"), named(" view"));
    let (lines, taxes) = (named("__lines"), named("__lines__taxes"));
    let key = identifier(&format!("{base}_pkey"));
    let level = "_sdc_level_0_id bigint NOT NULL, \"_sdc_source_key_Order Id\" bigint NOT NULL, _sdc_sequence bigint";
    let longest = format!("{schema}.{}", identifier(&format!("{base:t<63}")));
    let (column, suffixed) = ("c".repeat(59), format!("{}__st", "c".repeat(59)));
    let acts = [
        ("create a schema", format!("CREATE SCHEMA IF NOT EXISTS {schema}")),
        (
            "create it again, as every load does",
            format!("CREATE SCHEMA IF NOT EXISTS {schema}"),
        ),
        (
            "create a table with a primary key",
            format!("CREATE TABLE {table} ({COLUMNS}, CONSTRAINT {key} PRIMARY KEY (\"Order Id\"))"),
        ),
        (
            "create a table without a key",
            format!("CREATE TABLE {append} ({COLUMNS})"),
        ),
        (
            "create the table for rejected records",
            format!(
                "CREATE TABLE IF NOT EXISTS {schema}._sdc_rejected (record text, reason text, table_name text, _sdc_rejected_at timestamp with time zone)"
            ),
        ),
        ("create a subtable", format!("CREATE TABLE {lines} ({level}, sku text)")),
        (
            "create a subtable of a subtable",
            format!("CREATE TABLE {taxes} ({level}, _sdc_level_1_id bigint NOT NULL, rate numeric)"),
        ),
        (
            "use the longest names",
            format!("CREATE TABLE {longest} ({column} bigint)"),
        ),
        (
            "rename a column to its longest name",
            format!("ALTER TABLE {longest} RENAME COLUMN {column} TO {suffixed}"),
        ),
        (
            "insert rows from the staging table",
            format!(
                "INSERT INTO {table} SELECT s.* FROM staging_0_orders s LEFT JOIN {table} o USING (\"Order Id\") WHERE o.\"Order Id\" IS NULL"
            ),
        ),
        (
            "update rows from the staging table",
            format!(
                "UPDATE {table} o SET note = s.note, _sdc_batched_at = s._sdc_batched_at FROM staging_0_orders s WHERE o.\"Order Id\" = s.\"Order Id\""
            ),
        ),
        (
            "append rows from the staging table",
            format!("INSERT INTO {append} SELECT * FROM staging_0_orders"),
        ),
        (
            "add a column",
            format!("ALTER TABLE {table} ADD COLUMN \"added later\" text"),
        ),
        (
            "rename a column, as on a change of type",
            format!("ALTER TABLE {table} RENAME COLUMN amount TO amount__de"),
        ),
        (
            "add a column of the other type",
            format!("ALTER TABLE {table} ADD COLUMN amount__st text"),
        ),
        (
            "comment on the table",
            format!("COMMENT ON TABLE {table} IS 'test load'"),
        ),
        ("create a view", format!("CREATE VIEW {view} AS SELECT * FROM {table}")),
        ("truncate the table", format!("TRUNCATE {table}")),
        // Of one table each, as a loader asks: unbounded, they take seconds where there are many tables.
        (
            "read information_schema",
            format!(
                "SELECT count(*) FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) WHERE {of_table}"
            ),
        ),
        (
            "read the key columns",
            format!(
                "SELECT count(*) FROM information_schema.table_constraints t JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name) WHERE {of_table} AND {}",
                of_table.replace("t.", "k.")
            ),
        ),
        (
            "read pg_catalog",
            format!(
                "SELECT count(*) FROM pg_catalog.pg_tables t JOIN pg_catalog.pg_class c ON c.relname = t.tablename JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_type y ON y.oid = a.atttypid WHERE t.schemaname = {name} AND t.tablename = {}",
                literal(base)
            ),
        ),
    ];
    acts.into_iter()
        .map(|(act, statement)| LoadStatement(act, statement))
        .collect()
}

/// A reader sees what was just made. An answer of *no* is made an error, so that it ends the test load like any other.
pub(super) fn readable(schema: &str, table: &str, reader: &RoleName) -> LoadStatement {
    let (reader, name) = (literal(reader.as_str()), literal(schema));
    let table = literal(&format!("{}.{}", identifier(schema), identifier(table)));
    let body = format!(
        "BEGIN IF NOT (pg_catalog.has_schema_privilege({reader}, {name}, 'USAGE') AND pg_catalog.has_table_privilege({reader}, {table}, 'SELECT')) THEN \
         RAISE insufficient_privilege USING MESSAGE = 'it may not'; END IF; END"
    );
    LoadStatement(
        "let a reader read the new table (--reader)",
        format!("DO {}", literal(&body)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_load_fit_and_are_quoted() {
        for LoadStatement(_, statement) in loading("x", "Stitch-PG test load_4194304_3b9ac9ff") {
            let quoted = statement.split('"').skip(1).step_by(2);
            assert!(quoted.into_iter().all(|name| name.len() <= 63), "{statement}");
        }
        let all: Vec<String> = loading("s", "Orders").into_iter().map(|act| act.1).collect();
        assert!(
            all.iter()
                .any(|statement| statement.contains("\"s\".\"Orders__lines__taxes\""))
        );
        assert!(
            all.iter()
                .any(|statement| statement.contains(&format!("\"Orders{}\"", "t".repeat(57))))
        );
    }

    #[test]
    fn the_row_has_a_field_for_every_column() {
        assert_eq!(ROW.split('\t').count(), COLUMNS.split(", ").count());
    }
}
