//! `check --loads`: how fresh the loads are, what was rejected, which tables run out of columns, and who blocks the next
//! change. The administrator's login reads the system's own catalogs, statistics and locks. The tables themselves are read
//! by Stitch's login, and only those that belong to its role: planning a query can run functions of a table's owner. No
//! large table is read whole.

use serde::Deserialize;

use super::load_findings::{Holder, Read, Schema, age, blocked, gaps, rejected, wide};
use super::load_query::Part;
use crate::finding::{Code, Finding};
use crate::settings::{LoadLimits, Schemas, Settings};
use crate::world::{Reader, Session, Target, ask};

#[derive(Debug, Deserialize)]
struct Seen {
    schemas: Vec<Schema>,
    holders: Vec<Holder>,
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
        let text = format!("the database {database:?} has no schema that Stitch has loaded");
        found.push(Finding::unknown(Code::LoadAge, text).advise("name the schemas with --schema"));
    }
    for schema in &seen.schemas {
        let tables = schema.tables.iter();
        let tables: Vec<Part<'_>> = tables.map(|table| Part::of(table, session.is_some())).collect();
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

/// The limits of these questions: neither the server nor sessions behind a lock may wait for them.
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
