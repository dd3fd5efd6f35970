//! Runs one statement, and says what stopped it.

use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::time::timeout;
use tokio_postgres::error::SqlState;

use crate::change::Progress;
use crate::statement::Statement;
use crate::world::login::Session;

/// What progress is reported to.
pub(super) type Tell<'a> = &'a mut dyn FnMut(Progress);

/// A statement may take longer than a question: `CREATE DATABASE` copies a template and waits for a checkpoint.
pub(super) const PATIENCE: u32 = 30;

/// What came of a change.
#[derive(Debug)]
pub(crate) enum Applied {
    Made,
    /// Another session had made it by then, as the code of the server's error says; checking again shows whether it is so.
    Found(anyhow::Error),
    /// A part was refused with a code that says that its object is gone; checking again shows whether it is.
    Doubtful(anyhow::Error),
}

pub(super) async fn run(session: &Session, statement: &Statement, limit: Duration) -> Result<()> {
    execute(session, statement, limit)
        .await
        .map_err(|stopped| stopped.into_error(session))
}

pub(super) enum Stopped {
    Server(tokio_postgres::Error),
    Late(Duration),
    SecretMissing,
}

impl Stopped {
    pub(super) fn into_error(self, session: &Session) -> anyhow::Error {
        match self {
            Self::Server(error) => session.explain(&error),
            Self::SecretMissing => {
                anyhow!(
                    "the Stitch role's password is not known\nnext: give STITCH_PG_PASSWORD, --password-file FILE or --generate-password"
                )
            }
            Self::Late(limit) => anyhow!(
                "no answer within {} s\nnext: check in pg_stat_activity what it waits for; raise --timeout",
                limit.as_secs()
            ),
        }
    }
}

pub(super) async fn execute(session: &Session, statement: &Statement, limit: Duration) -> Result<(), Stopped> {
    let Some(text) = statement.reveal() else {
        return Err(Stopped::SecretMissing);
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that changes anything in PostgreSQL"
    )]
    let outcome = timeout(limit, session.client.batch_execute(text.reveal())).await;
    match outcome {
        Ok(outcome) => outcome.map_err(Stopped::Server),
        Err(_) => Err(Stopped::Late(limit)),
    }
}

/// Whether the server's code is one of these.
pub(super) fn has_code(error: &tokio_postgres::Error, codes: &[SqlState]) -> bool {
    error.code().is_some_and(|code| codes.contains(code))
}

pub(super) fn joined(statements: &[Statement]) -> Statement {
    statements
        .iter()
        .fold(Statement::default(), |all, statement| all.and(statement).then(";\n"))
}
