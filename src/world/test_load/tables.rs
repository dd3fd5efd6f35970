//! The tables that are there: each in a savepoint of its own, whose locks go with it, so that one refusal or one busy table says
//! nothing about the others, and no other session queues behind us for longer than the lock timeout.

use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;

use super::outcome::{Existing, Patience, Refusal, Rehearsed, Table, refusal};
use super::outcome::{all_at_once, unanswered};
use super::statements::{LoadStatement, opening};
use crate::settings::Rehearse;
use crate::sql::{identifier, literal};
use crate::world::login::Session;

/// What came of one table.
struct Tried<'a> {
    table: &'a Table,
    refusal: Option<Refusal>,
    /// A row was seen.
    has_rows: bool,
}

pub(super) async fn try_tables(
    session: &Session,
    existing: &Existing,
    patience: Patience,
    how: Rehearse,
    rehearsed: &mut Rehearsed,
) {
    let schema = identifier(&existing.schema);
    let patience = Patience {
        // Every table may be busy.
        answer: patience.answer + patience.lock * u32::try_from(2 * existing.tables.len()).unwrap_or(u32::MAX),
        ..patience
    };
    let all: Vec<&Table> = existing.tables.iter().collect();
    let before = opening(patience.lock).collect();
    let tried = match each(session, before, &all, |table| light(&schema, table), patience).await {
        Ok(tried) => tried,
        Err(refusal) => {
            rehearsed.refusal = Some(refusal);
            return;
        }
    };
    let mut empty = Vec::new();
    for tried in tried {
        let (fine, table) = (tried.refusal.is_none(), tried.table);
        let has_rows = tried.has_rows || table.rows_hidden;
        note(tried, rehearsed);
        if fine && (how == Rehearse::Fully || !has_rows) {
            empty.push(table);
        } else if fine {
            rehearsed.spared_tables.push(table.name.clone());
        }
    }
    match each(session, Vec::new(), &empty, |table| exclusive(&schema, table), patience).await {
        Ok(tried) => tried.into_iter().for_each(|tried| note(tried, rehearsed)),
        Err(refusal) => rehearsed.refusal = Some(refusal),
    }
}

fn note(tried: Tried<'_>, rehearsed: &mut Rehearsed) {
    let name = tried.table.name.clone();
    match tried.refusal {
        None => rehearsed.passed += 1,
        Some(refusal) if refusal.state == Some(SqlState::LOCK_NOT_AVAILABLE) => rehearsed.busy_tables.push(name),
        Some(refusal) => rehearsed.refused_tables.push((name, refusal)),
    }
}

/// With locks that neither readers nor writers notice.
fn light(schema: &str, table: &Table) -> Vec<LoadStatement> {
    let name = format!("{schema}.{}", identifier(&table.name));
    let comment = literal("stitch-pg test load, rolled back");
    let mut acts = vec![
        LoadStatement(
            "comment on an existing table",
            format!("COMMENT ON TABLE {name} IS {comment}"),
        ),
        LoadStatement(
            "write to an existing table",
            format!("LOCK TABLE {name} IN ROW EXCLUSIVE MODE"),
        ),
        LoadStatement("read an existing table", format!("SELECT 1 FROM {name} LIMIT 1")),
    ];
    acts.extend(writes(&name, table));
    acts
}

/// What a load writes, without a row: privileges and what refuses any write show, and no trigger for rows is called.
fn writes(name: &str, table: &Table) -> Vec<LoadStatement> {
    let Some(column) = table.column.as_deref().map(identifier) else {
        return Vec::new();
    };
    let insert = format!("INSERT INTO {name} ({column}) SELECT {column} FROM {name} WHERE false");
    let upsert = table.key.then(|| {
        LoadStatement(
            "insert or update rows of an existing table",
            format!("{insert} ON CONFLICT DO NOTHING"),
        )
    });
    let writes = [
        LoadStatement("insert into an existing table", insert),
        LoadStatement(
            "update an existing table",
            format!("UPDATE {name} SET {column} = {column} WHERE false"),
        ),
        LoadStatement(
            "delete from an existing table",
            format!("DELETE FROM {name} WHERE false"),
        ),
    ];
    writes.into_iter().chain(upsert).collect()
}

/// With `ACCESS EXCLUSIVE` locks.
fn exclusive(schema: &str, table: &Table) -> Vec<LoadStatement> {
    let name = format!("{schema}.{}", identifier(&table.name));
    vec![
        LoadStatement(
            "add a column to an existing table",
            format!("ALTER TABLE {name} ADD COLUMN stitch_pg_rehearsal numeric"),
        ),
        LoadStatement(
            "rename a column of an existing table",
            format!("ALTER TABLE {name} RENAME COLUMN stitch_pg_rehearsal TO stitch_pg_rehearsal__de"),
        ),
    ]
}

/// Runs each table's operations in a savepoint of its own; all are sent at once.
async fn each<'a>(
    session: &Session,
    before: Vec<LoadStatement>,
    tables: &[&'a Table],
    acts_of: impl Fn(&Table) -> Vec<LoadStatement>,
    patience: Patience,
) -> Result<Vec<Tried<'a>>, Refusal> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let (mut acts, mut ends) = (before, Vec::new());
    for table in tables {
        acts.push(LoadStatement("set a savepoint", "SAVEPOINT stitch_pg".to_owned()));
        acts.extend(acts_of(table));
        acts.push(LoadStatement(
            "roll back to it",
            "ROLLBACK TO SAVEPOINT stitch_pg".to_owned(),
        ));
        ends.push(acts.len());
    }
    let answers = all_at_once(session, &acts, patience).await;
    if answers.len() < acts.len() {
        return Err(unanswered(acts.swap_remove(answers.len()), patience));
    }
    let mut answered = acts.into_iter().zip(answers).enumerate().peekable();
    let mut tried = Vec::new();
    for (table, end) in tables.iter().zip(ends) {
        let mut result = Tried {
            table,
            refusal: None,
            has_rows: false,
        };
        while let Some((_, (act, answer))) = answered.next_if(|(index, _)| *index < end) {
            match answer {
                Ok(messages) => {
                    result.has_rows |= messages
                        .iter()
                        .any(|message| matches!(message, SimpleQueryMessage::Row(_)));
                }
                Err(error) if result.refusal.is_none() => result.refusal = Some(refusal(session, act, &error)),
                Err(_) => {}
            }
        }
        tried.push(result);
    }
    Ok(tried)
}
