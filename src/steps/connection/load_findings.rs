//! What the loads' figures mean: how fresh each schema is, what was rejected, which tables run out of columns, and who blocks
//! the next change.

use std::time::Duration;

use serde::Deserialize;

use super::load_query::{Part, Table, Treatment};
use crate::finding::{Code, Finding, Verdict};
use crate::plural::pluralize;
use crate::settings::LoadLimits;
use crate::sql::{self, in_schema};

/// A moment, by the server's clock.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Moment {
    /// Seconds ago.
    pub(super) age: i64,
    pub(super) at: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Schema {
    pub(super) name: String,
    /// The newest load that the planner's statistics know of.
    pub(super) newest: Option<Moment>,
    /// Tables with `_sdc_batched_at`; the most active of them are in `tables`, with `_sdc_rejected`.
    pub(super) stamped: usize,
    /// Partitions that are foreign tables or in another schema.
    pub(super) elsewhere: usize,
    pub(super) tables: Vec<Table>,
    pub(super) wide: Vec<Wide>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Wide {
    pub(super) name: String,
    pub(super) columns: i64,
}

/// Another session, or a prepared transaction, that holds a lock on a table.
#[derive(Debug, Deserialize)]
pub(super) struct Holder {
    pub(super) pid: Option<i32>,
    pub(super) gid: Option<String>,
    pub(super) role: String,
    pub(super) application: Option<String>,
    pub(super) state: Option<String>,
    pub(super) tables: usize,
    pub(super) first: String,
    pub(super) held: Option<Moment>,
}

/// What Stitch's login read of one schema.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    pub(super) newest: Option<Moment>,
    pub(super) rejected: Option<u64>,
}

/// Why the newest load that was seen may not be the newest there is.
pub(super) fn gaps(schema: &Schema, tables: &[Part<'_>], is_in: bool, error: Option<&anyhow::Error>) -> Vec<String> {
    if let Some(error) = error {
        return vec![format!("the tables could not be read: {error:#}")];
    }
    if !is_in {
        return vec!["the login as Stitch did not work, so the planner's statistics were read alone".to_owned()];
    }
    let batched = || tables.iter().filter(|part| !part.table.is_rejected());
    let those = |treatment: Treatment, how: &str, why: &str| {
        let mut those = batched().filter(|part| part.treatment == treatment);
        let first = in_schema(&schema.name, &those.next()?.table.name);
        let more = match those.count() {
            0 => String::new(),
            more => format!(" and {}", pluralize(more, "more table")),
        };
        Some(format!("{how}: {first}{more} ({why})"))
    };
    let unread = schema.stamped.saturating_sub(batched().count());
    let unread = (unread > 0).then(|| format!("not read: {} with little activity", pluralize(unread, "table")));
    let elsewhere = (schema.elsewhere > 0).then(|| {
        let partitions = pluralize(schema.elsewhere, "partition");
        format!("not read: {partitions} in another schema or on another server")
    });
    let gaps = [
        (
            Treatment::Sample,
            "read in part",
            "large, and without an index on _sdc_batched_at",
        ),
        (Treatment::NotOwned, "not read", "Stitch's role does not own it"),
        (Treatment::Locked, "not read", "locked"),
        (Treatment::OtherType, "not read", "_sdc_batched_at is no timestamptz"),
    ];
    let gap = |(treatment, how, why)| those(treatment, how, why);
    let gaps = gaps.into_iter().filter_map(gap);
    gaps.chain(unread).chain(elsewhere).collect()
}

pub(super) fn age(limits: &LoadLimits, schema: &Schema, read: Option<&Read>, gaps: &[String]) -> Vec<Finding> {
    let name = &schema.name;
    let moments = [schema.newest.as_ref(), read.and_then(|read| read.newest.as_ref())];
    let newest = moments.into_iter().flatten().min_by_key(|moment| moment.age);
    let because = gaps.join("; ");
    let mut verdict = Verdict::Unknown;
    let text = match newest {
        None if schema.stamped == 0 => format!("the schema {name:?} has no table with the column _sdc_batched_at"),
        None if gaps.is_empty() => format!("the tables of the schema {name:?} hold no load of Stitch's"),
        None => format!("when Stitch last loaded into the schema {name:?} is not known: {because}"),
        Some(moment) => {
            let late = u64::try_from(moment.age).is_ok_and(|age| age > limits.max_age.as_secs());
            let when = format!("{} ago ({})", span(moment.age), moment.at);
            if late && !gaps.is_empty() {
                format!("the newest load that was seen in the schema {name:?} was {when}, and {because}")
            } else {
                verdict = if late { Verdict::Bad } else { Verdict::Good };
                let limit = late.then(|| format!(", and the limit is {}", limit(limits.max_age)));
                let limit = limit.unwrap_or_default();
                format!("Stitch last loaded into the schema {name:?} {when}{limit}")
            }
        }
    };
    let finding = Finding::new(Code::LoadAge, verdict, text).about(name);
    let advice = match verdict {
        Verdict::Good => return vec![finding],
        Verdict::Unknown if !gaps.is_empty() => match schema.tables.iter().find(|table| table.needs_index()) {
            Some(table) => format!(
                "make it exact: CREATE INDEX CONCURRENTLY ON {} (_sdc_batched_at);",
                in_schema(name, &table.name)
            ),
            None => format!(
                "transfer the schema: stitch-pg setup --existing --schema {}",
                crate::shell::word(&crate::settings::in_a_list(name))
            ),
        },
        _ => "check the integration's Extractions and Loads in Stitch; the limit is --loads-max-age".to_owned(),
    };
    vec![finding.advise(advice)]
}

pub(super) fn rejected(
    limits: &LoadLimits,
    schema: &Schema,
    tables: &[Part<'_>],
    read: Option<&Read>,
) -> Option<Finding> {
    let name = &schema.name;
    let part = tables.iter().find(|part| part.table.is_rejected())?;
    let (count, table) = (read.and_then(|read| read.rejected), in_schema(name, &part.table.name));
    let within = limit(limits.rejected_within);
    let Some(count) = count else {
        let text = format!("records that were rejected are not known: {table} was not read");
        let advice = "let Stitch's role own it: stitch-pg setup --existing";
        return Some(Finding::unknown(Code::RecordsRejected, text).about(name).advise(advice));
    };
    let is_sample = part.treatment == Treatment::Sample;
    let least = if is_sample { "at least " } else { "" };
    let records = pluralize(usize::try_from(count).unwrap_or(usize::MAX), "record");
    let were = if count == 1 { "was" } else { "were" };
    let text = format!("{least}{records} {were} rejected in the schema {name:?} in the last {within}");
    if count <= limits.max_rejected {
        return Some(Finding::good(Code::RecordsRejected, text).about(name));
    }
    let seconds = limits.rejected_within.as_secs();
    let advice = format!(
        "SELECT table_name, reason, count(*) FROM {table} WHERE _sdc_rejected_at > now() - interval '{seconds} s' GROUP BY 1, 2;"
    );
    Some(Finding::bad(Code::RecordsRejected, text).about(name).advise(advice))
}

pub(super) fn wide(limits: &LoadLimits, schema: &str, table: &Wide) -> Finding {
    let text = format!(
        "{} has {} columns, dropped ones included. PostgreSQL allows 1600, and the limit is {}",
        in_schema(schema, &table.name),
        table.columns,
        limits.max_columns
    );
    Finding::bad(Code::ColumnsNearLimit, text)
        .about(format_args!("{schema}.{}", table.name))
        .advise("deselect fields in Stitch, or copy the table with CREATE TABLE … AS SELECT; a copy forgets the dropped columns")
}

pub(super) fn blocked(limits: &LoadLimits, holders: &[Holder]) -> Vec<Finding> {
    let is_long = |holder: &&Holder| {
        let held = holder.held.as_ref().and_then(|held| u64::try_from(held.age).ok());
        held.is_none_or(|age| age > limits.max_lock.as_secs())
    };
    let long: Vec<&Holder> = holders.iter().filter(is_long).collect();
    if long.is_empty() {
        let text = match holders.len() {
            0 => "no lock blocks Stitch's next change to its tables".to_owned(),
            number => format!(
                "locks that block Stitch's next change to its tables: {}, none for longer than {}",
                pluralize(number, "session"),
                limit(limits.max_lock)
            ),
        };
        return vec![Finding::good(Code::LoadBlocked, text)];
    }
    long.into_iter().map(holder).collect()
}

fn holder(holder: &Holder) -> Finding {
    let who = match (&holder.gid, holder.pid) {
        (Some(gid), _) => format!("the prepared transaction {gid:?} of {:?}", holder.role),
        (None, pid) => {
            let state = holder.state.as_ref().map(|state| format!(", {state}"));
            let state = state.unwrap_or_default();
            let application = holder.application.as_deref().unwrap_or_default();
            let (pid, role) = (pid.unwrap_or_default(), &holder.role);
            format!("the session {pid} of {role:?} (application {application:?}{state})")
        }
    };
    let tables = match holder.tables {
        0 | 1 => holder.first.clone(),
        more => format!("{} and {}", holder.first, pluralize(more - 1, "more table")),
    };
    let (verdict, since) = match &holder.held {
        Some(held) => (Verdict::Bad, format!("for {} (since {})", span(held.age), held.at)),
        None => (
            Verdict::Unknown,
            "since a time that this login may not see (pg_read_all_stats)".to_owned(),
        ),
    };
    let text = format!("{who} has held a lock on {tables} {since}; Stitch's next ALTER TABLE waits for it");
    let advice = match (&holder.gid, holder.pid) {
        (Some(gid), _) => format!("end it in this database: ROLLBACK PREPARED {};", sql::literal(gid)),
        (None, pid) => format!(
            "ask its user, or end it: SELECT pg_catalog.pg_terminate_backend({});",
            pid.unwrap_or_default()
        ),
    };
    Finding::new(Code::LoadBlocked, verdict, text)
        .about(&holder.first)
        .advise(advice)
}

fn limit(time: Duration) -> String {
    span(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

/// A time in its largest whole unit.
fn span(seconds: i64) -> String {
    let seconds = usize::try_from(seconds).unwrap_or(0);
    match seconds {
        0..=119 => pluralize(seconds, "second"),
        120..=7199 => pluralize(seconds / 60, "minute"),
        7200..=172_799 => pluralize(seconds / 3600, "hour"),
        _ => pluralize(seconds / 86_400, "day"),
    }
}
