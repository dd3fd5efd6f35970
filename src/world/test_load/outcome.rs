//! What a load is tried on, and what came of it. Its operations are sent all at once, and yet each has its own error.

use std::time::Duration;

use futures_util::stream::{FuturesOrdered, StreamExt as _};
use serde::Deserialize;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;

use super::statements::LoadStatement;
use crate::world::login::Session;

/// One operation of a load that the server refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// The name of the operation.
    pub(crate) act: &'static str,
    pub(crate) statement: String,
    /// The server's message.
    pub(crate) said: String,
    pub(crate) state: Option<SqlState>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rehearsed {
    /// How many operations succeeded.
    pub(crate) passed: usize,
    /// The first that did not, if any; those behind it were not tried.
    pub(crate) refusal: Option<Refusal>,
    /// Of the tables that are there: those that refused something, each with its first refusal.
    pub(crate) refused_tables: Vec<(String, Refusal)>,
    /// Those that another session held a lock on.
    pub(crate) busy_tables: Vec<String>,
    /// Those with rows that were spared the operations which lock readers out.
    pub(crate) spared_tables: Vec<String>,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

/// A schema of Stitch's and tables in it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Existing {
    pub(crate) schema: String,
    /// How many tables there are in it, partitions aside; a load is tried on some of them.
    pub(crate) total: usize,
    pub(crate) tables: Vec<Table>,
}

/// A table that is there.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// Its owner may see fewer rows than there are.
    pub(crate) rows_hidden: bool,
    /// A column to try writes with, which write no row; none: they would run others' code, so the catalog decides.
    pub(crate) column: Option<String>,
    /// It has a unique index, and no partitions: a row may be inserted or updated in one statement.
    pub(crate) key: bool,
}

/// How long an answer, and a lock, may be waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) answer: Duration,
    /// For a lock; as long may others wait behind us.
    pub(crate) lock: Duration,
}

impl Rehearsed {
    pub(super) fn met_a_lock(&self) -> bool {
        let state = self.refusal.as_ref().and_then(|refusal| refusal.state.as_ref());
        state == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }
}

pub(super) fn refusal(
    session: &Session,
    LoadStatement(act, statement): LoadStatement,
    error: &tokio_postgres::Error,
) -> Refusal {
    Refusal {
        act,
        statement,
        said: format!("{:#}", session.explain(error)),
        state: error.code().cloned(),
    }
}

type StatementResult = Result<Vec<SimpleQueryMessage>, tokio_postgres::Error>;

/// Runs the operations in order; those behind the first that is refused are void.
pub(super) async fn execute(
    session: &Session,
    acts: Vec<LoadStatement>,
    patience: Patience,
    rehearsed: &mut Rehearsed,
) {
    let mut answers = all_at_once(session, &acts, patience).await.into_iter();
    for act in acts {
        rehearsed.refusal = match answers.next() {
            Some(Ok(_)) => {
                rehearsed.passed += 1;
                continue;
            }
            Some(Err(error)) => Some(refusal(session, act, &error)),
            None => Some(unanswered(act, patience)),
        };
        return;
    }
}

/// The answers in order, as far as they came in time: the operation behind the last of them is the one that was running. All are
/// polled once before the first answer is waited for, which is what makes tokio-postgres pipeline them.
#[expect(clippy::disallowed_methods, reason = "the test load, which is rolled back")]
pub(super) async fn all_at_once(session: &Session, acts: &[LoadStatement], patience: Patience) -> Vec<StatementResult> {
    let until = Instant::now() + patience.answer;
    let sent = acts
        .iter()
        .map(|LoadStatement(_, statement)| session.client.simple_query(statement));
    let (mut sent, mut answers) = (sent.collect::<FuturesOrdered<_>>(), Vec::new());
    while let Ok(Some(answer)) = timeout_at(until, sent.next()).await {
        answers.push(answer);
    }
    answers
}

pub(super) fn unanswered(LoadStatement(act, statement): LoadStatement, patience: Patience) -> Refusal {
    Refusal {
        act,
        statement,
        said: format!("no answer within {} s", patience.answer.as_secs()),
        state: None,
    }
}

#[expect(clippy::disallowed_methods, reason = "the test load, which is rolled back")]
pub(super) async fn roll_back(session: &Session, patience: Patience) {
    // A lost connection has rolled back as well.
    let _ = timeout(patience.answer, session.client.simple_query("ROLLBACK")).await;
}
