//! `check --loads`: how fresh the loads are, what was rejected, which tables run out of columns, and who blocks the next
//! change. The administrator's login reads the system's own catalogs, statistics and locks. The tables themselves are read
//! by Stitch's login, and only those that belong to its role: planning a query can run functions of a table's owner. No
//! large table is read whole.

use std::time::Duration;

use serde::Deserialize;

use super::load_query::{Part, Table, Treatment};
use crate::finding::{Code, Finding, Verdict};
use crate::plural::pluralize;
use crate::settings::{LoadLimits, Schemas, Settings};
use crate::sql::{self, in_schema};
use crate::world::{Reader, Session, Target, ask};

/// A moment, by the server's clock.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Moment {
    /// Seconds ago.
    age: i64,
    at: String,
}

#[derive(Debug, Deserialize)]
struct Seen {
    schemas: Vec<Schema>,
    holders: Vec<Holder>,
}

#[derive(Debug, Deserialize)]
struct Schema {
    name: String,
    /// The newest load that the planner's statistics know of.
    newest: Option<Moment>,
    /// Tables with `_sdc_batched_at`; the most active of them are in `tables`, with `_sdc_rejected`.
    stamped: usize,
    /// Partitions that are foreign tables or in another schema.
    elsewhere: usize,
    tables: Vec<Table>,
    wide: Vec<Wide>,
}

#[derive(Debug, Deserialize)]
struct Wide {
    name: String,
    columns: i64,
}

/// Another session, or a prepared transaction, that holds a lock on a table.
#[derive(Debug, Deserialize)]
struct Holder {
    pid: Option<i32>,
    gid: Option<String>,
    role: String,
    application: Option<String>,
    state: Option<String>,
    tables: usize,
    first: String,
    held: Option<Moment>,
}

/// What Stitch's login read of one schema.
#[derive(Debug, Deserialize)]
struct Read {
    newest: Option<Moment>,
    rejected: Option<u64>,
}

/// Everything that `--loads` adds to a check.
pub(super) async fn findings(
    settings: &Settings,
    limits: &LoadLimits,
    reader: &mut Reader,
    session: Option<&Session>,
) -> Vec<Finding> {
    let named: Vec<&str> = match &settings.ownership.schemas {
        Schemas::Named(names) => names.iter().map(crate::names::SchemaName::as_str).collect(),
        Schemas::Detect | Schemas::Ask => Vec::new(),
    };
    let (named, columns) = (serde_json::json!(named).to_string(), limits.max_columns.to_string());
    let parameters = [named.as_str(), settings.stitch.role.as_str(), columns.as_str()];
    let question = format!("{};{}", bounds(settings), include_str!("load_health.sql"));
    let database = &settings.stitch.database;
    let seen: Seen = match reader.ask(Target::Database(database), &question, &parameters).await {
        Ok(Some(seen)) => seen,
        Ok(None) => return Vec::new(),
        Err(error) => {
            let text = format!("the loads were not checked: {error:#}");
            return vec![Finding::unknown(Code::LoadAge, text).advise("run stitch-pg check --loads again")];
        }
    };
    let mut found = Vec::new();
    if seen.schemas.is_empty() {
        let text = format!(
            "the database {:?} has no schema that Stitch has loaded",
            database.as_str()
        );
        found.push(Finding::unknown(Code::LoadAge, text).advise("name the schemas with --schema"));
    }
    for schema in &seen.schemas {
        let tables: Vec<Part<'_>> = schema
            .tables
            .iter()
            .map(|table| Part::of(table, session.is_some()))
            .collect();
        let read = match session {
            Some(session) => read(settings, limits, session, schema, &tables).await,
            None => Ok(None),
        };
        let gaps = gaps(schema, &tables, session.is_some(), read.as_ref().err());
        let read = read.ok().flatten();
        found.extend(age(limits, schema, read.as_ref(), &gaps));
        found.extend(rejected(limits, schema, &tables, read.as_ref()));
        found.extend(schema.wide.iter().map(|table| wide(limits, &schema.name, table)));
    }
    found.extend(blocked(limits, &seen.holders));
    found
}

/// Nobody waits for these questions: not the server, not others behind a lock.
fn bounds(settings: &Settings) -> String {
    let statement = settings.timeout.as_millis() * 3 / 4;
    let lock = settings.ownership.lock_timeout.as_millis();
    format!("SET LOCAL statement_timeout = {statement};SET LOCAL lock_timeout = {lock};SET LOCAL row_security = off")
}

async fn read(
    settings: &Settings,
    limits: &LoadLimits,
    session: &Session,
    schema: &Schema,
    tables: &[Part<'_>],
) -> anyhow::Result<Option<Read>> {
    let Some(question) = super::load_query::question(&schema.name, tables, limits.rejected_within) else {
        return Ok(None);
    };
    let question = format!("{};{question}", bounds(settings));
    ask(session, &question, &[], settings.timeout).await.map(Some)
}

/// Why the newest load that was seen may not be the newest there is.
fn gaps(schema: &Schema, tables: &[Part<'_>], is_in: bool, error: Option<&anyhow::Error>) -> Vec<String> {
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
        those(
            Treatment::Sample,
            "read in part",
            "large, and without an index on _sdc_batched_at",
        ),
        those(Treatment::NotOwned, "not read", "Stitch's role does not own it"),
        those(Treatment::Locked, "not read", "locked"),
        those(Treatment::OtherType, "not read", "_sdc_batched_at is no timestamptz"),
        unread,
        elsewhere,
    ];
    gaps.into_iter().flatten().collect()
}

fn age(limits: &LoadLimits, schema: &Schema, read: Option<&Read>, gaps: &[String]) -> Vec<Finding> {
    let name = &schema.name;
    let moments = [schema.newest.as_ref(), read.and_then(|read| read.newest.as_ref())];
    let newest = moments.into_iter().flatten().min_by_key(|moment| moment.age);
    let because = gaps.join("; ");
    let (verdict, text) = match newest {
        None if schema.stamped == 0 => (
            Verdict::Unknown,
            format!("the schema {name:?} has no table with the column _sdc_batched_at"),
        ),
        None if gaps.is_empty() => (
            Verdict::Unknown,
            format!("the tables of the schema {name:?} hold no load of Stitch's"),
        ),
        None => (
            Verdict::Unknown,
            format!("when Stitch last loaded into the schema {name:?} is not known: {because}"),
        ),
        Some(moment) => {
            let late = u64::try_from(moment.age).is_ok_and(|age| age > limits.max_age.as_secs());
            let when = format!("{} ago ({})", span(moment.age), moment.at);
            match (late, gaps.is_empty()) {
                (false, _) => (
                    Verdict::Good,
                    format!("Stitch last loaded into the schema {name:?} {when}"),
                ),
                (true, true) => (
                    Verdict::Bad,
                    format!(
                        "Stitch last loaded into the schema {name:?} {when}, and the limit is {}",
                        limit(limits.max_age)
                    ),
                ),
                (true, false) => (
                    Verdict::Unknown,
                    format!("the newest load that was seen in the schema {name:?} was {when}, and {because}"),
                ),
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

fn rejected(limits: &LoadLimits, schema: &Schema, tables: &[Part<'_>], read: Option<&Read>) -> Option<Finding> {
    let name = &schema.name;
    let part = tables.iter().find(|part| part.table.is_rejected())?;
    let (count, table) = (read.and_then(|read| read.rejected), in_schema(name, &part.table.name));
    let within = limit(limits.rejected_within);
    let Some(count) = count else {
        let text = format!("records that were rejected are not known: {table} was not read");
        let advice = "let Stitch's role own it: stitch-pg setup --existing";
        return Some(Finding::unknown(Code::RecordsRejected, text).about(name).advise(advice));
    };
    let least = if part.treatment == Treatment::Sample {
        "at least "
    } else {
        ""
    };
    let text = format!(
        "{least}{} {} rejected in the schema {name:?} in the last {within}",
        pluralize(usize::try_from(count).unwrap_or(usize::MAX), "record"),
        if count == 1 { "was" } else { "were" }
    );
    let verdict = if count > limits.max_rejected {
        Verdict::Bad
    } else {
        Verdict::Good
    };
    let finding = Finding::new(Code::RecordsRejected, verdict, text).about(name);
    let seconds = limits.rejected_within.as_secs();
    Some(match verdict {
        Verdict::Bad => finding.advise(format!(
            "SELECT table_name, reason, count(*) FROM {table} WHERE _sdc_rejected_at > now() - interval '{seconds} s' GROUP BY 1, 2;"
        )),
        _ => finding,
    })
}

fn wide(limits: &LoadLimits, schema: &str, table: &Wide) -> Finding {
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

fn blocked(limits: &LoadLimits, holders: &[Holder]) -> Vec<Finding> {
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
            let state = holder
                .state
                .as_ref()
                .map_or_else(String::new, |state| format!(", {state}"));
            let application = holder.application.as_deref().unwrap_or_default();
            format!(
                "the session {} of {:?} (application {application:?}{state})",
                pid.unwrap_or_default(),
                holder.role
            )
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
