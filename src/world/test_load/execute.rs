//! Runs acts: all at once, and the answers as they come. One flight, and yet each has its own error.

use futures_util::stream::{FuturesOrdered, StreamExt as _};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::SimpleQueryMessage;

use super::outcome::{Patience, Refusal, Rehearsed, refusal};
use super::statements::LoadStatement;
use crate::world::login::Session;

type StatementResult = Result<Vec<SimpleQueryMessage>, tokio_postgres::Error>;

/// Plays the acts in order; those behind the first that is refused are void.
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

/// The answers in order, as far as they came in time: the act behind the last of them is the one that was running. All are
/// polled once before the first answer is waited for, which is what makes tokio-postgres pipeline them.
#[expect(clippy::disallowed_methods, reason = "the test load, which is rolled back")]
pub(super) async fn all_at_once(session: &Session, acts: &[LoadStatement], patience: Patience) -> Vec<StatementResult> {
    let until = Instant::now() + patience.answer;
    let sent = acts
        .iter()
        .map(|LoadStatement(_, statement)| session.client.simple_query(statement));
    let (mut sent, mut answers) = (FuturesOrdered::from_iter(sent), Vec::new());
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
