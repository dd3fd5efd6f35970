//! Several runs at once take turns: a change about a database waits until no other run is in the middle of one. A statement that
//! fails all the same, because of another session's change of the same moment, is tried again. What that session made is found.
//!
//! The lock is one of the transaction, not of the session: it passes transaction poolers, ends with the statement when a connection
//! dies without a word, and is not held while you think about an answer.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;
use tokio::time::sleep;
use tokio_postgres::error::SqlState;

use super::execute::{Applied, Stopped, execute, has_code, joined};
use crate::change::{Execution, Sql};
use crate::sql;
use crate::statement::Statement;
use crate::world::login::Session;
use crate::world::postgres::ask;

/// How often a change is tried that another session's change made fail; the pause doubles from 20 ms to 1.3 s.
const TRIES: u32 = 8;

/// Another run was in the middle of a change all the time.
#[derive(Debug, Deserialize)]
pub(crate) struct AnotherRun {
    #[serde(skip)]
    database: String,
    pid: i32,
    user: Option<String>,
    application: Option<String>,
    /// Its address; nothing for a socket, or where this login may not see it.
    host: Option<String>,
    /// When its transaction began.
    since: Option<String>,
}

impl fmt::Display for AnotherRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "another run is changing the database {:?}: pid {}",
            self.database, self.pid
        )?;
        for (word, value) in [("user", &self.user), ("application", &self.application)] {
            if let Some(value) = value {
                write!(f, ", {word} {value:?}")?;
            }
        }
        for (word, value) in [("from", &self.host), ("since", &self.since)] {
            if let Some(value) = value {
                write!(f, ", {word} {value}")?;
            }
        }
        f.write_str("\nnext: run the same command again when it has ended; it continues with the changes that are left")
    }
}

impl std::error::Error for AnotherRun {}

/// Runs statements that belong together when it is their turn; `wait` is the longest wait for that.
pub(super) async fn together(session: &Session, sql: &Sql, limit: Duration, wait: Duration) -> Result<Applied> {
    let database = sql.database.as_str();
    // Statements of one simple query are one transaction (PostgreSQL docs 53.2.2.1), at one round trip.
    let whole = sql::take_turn(database, wait, session.role.as_deref())
        .then(";\n")
        .and(&joined(&sql.all()));
    match retry(session, &whole, limit).await {
        Ok(()) => Ok(Applied::Made),
        Err(Stopped::Server(error)) if sql.statements.len() == 1 && is_there(&error) => Ok(Applied::Found(refused(
            session,
            &sql.statements,
            Stopped::Server(error),
        ))),
        Err(Stopped::Server(error)) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            let holder = ask::<Option<AnotherRun>>(session, sql::TURN_HOLDER, &[database], limit).await;
            match holder {
                Ok(Some(run)) => Err(AnotherRun {
                    database: database.to_owned(),
                    ..run
                }
                .into()),
                _ => Err(refused(session, &sql.statements, Stopped::Server(error))),
            }
        }
        Err(stopped) => Err(refused(session, &sql.statements, stopped)),
    }
}

/// The server's words, and the statement: of several that are one call, all of them.
fn refused(session: &Session, statements: &[Statement], stopped: Stopped) -> anyhow::Error {
    let shown: Vec<String> = statements.iter().map(Statement::to_string).collect();
    stopped.into_error(session).context(format!("in {}", shown.join("; ")))
}

/// Runs statements that no transaction can hold, each by itself.
pub(super) async fn alone(session: &Session, sql: &Sql, limit: Duration) -> Result<Applied> {
    debug_assert!(sql.run == Execution::Autocommit);
    let mut found = None;
    for statement in &sql.statements {
        match retry(session, statement, limit).await {
            Ok(()) => {}
            Err(stopped) => {
                let is_there = matches!(&stopped, Stopped::Server(error) if is_there(error));
                let error = refused(session, std::slice::from_ref(statement), stopped);
                if !is_there {
                    return Err(error);
                }
                found = Some(error);
            }
        }
    }
    Ok(found.map_or(Applied::Made, Applied::Found))
}

/// Tries a statement again that fails because of another session's change of the same moment.
async fn retry(session: &Session, statement: &Statement, limit: Duration) -> Result<(), Stopped> {
    let mut attempt = 0;
    loop {
        match execute(session, statement, limit).await {
            Err(Stopped::Server(error)) if attempt < TRIES && is_concurrent_update(&error) => {
                sleep(Duration::from_millis(20 << attempt)).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Refused because of a change of the same moment, which is over by now. "tuple concurrently updated" has the code of every
/// internal error, so the routine identifies it.
fn is_concurrent_update(error: &tokio_postgres::Error) -> bool {
    let Some(error) = error.as_db_error() else { return false };
    let codes = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ];
    let routines = ["simple_heap_update", "simple_heap_delete"];
    codes.contains(error.code())
        || *error.code() == SqlState::INTERNAL_ERROR
            && error.routine().is_some_and(|routine| routines.contains(&routine))
}

/// Another session has made it since the last check.
fn is_there(error: &tokio_postgres::Error) -> bool {
    has_code(error, &[SqlState::DUPLICATE_DATABASE, SqlState::DUPLICATE_OBJECT])
}
