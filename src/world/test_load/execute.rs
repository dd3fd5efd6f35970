//! Runs acts: all at once, and the answers as they come. One flight, and yet each has its own error.

use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;
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
    let answers = all_at_once(session, &acts, patience).await;
    for (act, answer) in acts.into_iter().zip(answers) {
        match answer {
            Some(Ok(_)) => rehearsed.passed += 1,
            Some(Err(error)) => {
                rehearsed.refusal = Some(refusal(session, act, &error));
                return;
            }
            None => {
                rehearsed.refusal = Some(unanswered(act, patience));
                return;
            }
        }
    }
}

/// The answer to each; none to those that were not answered in time, of which the first is the one that was running.
#[expect(clippy::disallowed_methods, reason = "the test load, which is rolled back")]
pub(super) async fn all_at_once(
    session: &Session,
    acts: &[LoadStatement],
    patience: Patience,
) -> Vec<Option<StatementResult>> {
    let answers = acts
        .iter()
        .map(|LoadStatement(_, statement)| session.client.simple_query(statement));
    join_in_order(answers.collect(), patience.answer).await
}

pub(super) fn unanswered(LoadStatement(act, statement): LoadStatement, patience: Patience) -> Refusal {
    Refusal {
        act,
        statement,
        said: format!("no answer within {} s", patience.answer.as_secs()),
        state: None,
    }
}

/// Polls every request once before waiting for the first answer, which is what makes tokio-postgres pipeline them.
async fn join_in_order<F: Future>(futures: Vec<F>, limit: Duration) -> Vec<Option<F::Output>> {
    let mut pending: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    let all = std::future::poll_fn(|context| {
        let mut all_done = true;
        for (future, output) in pending.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => all_done = false,
                }
            }
        }
        if all_done { Poll::Ready(()) } else { Poll::Pending }
    });
    // What came until then counts.
    let _ = timeout(limit, all).await;
    outputs
}

#[expect(clippy::disallowed_methods, reason = "the test load, which is rolled back")]
pub(super) async fn roll_back(session: &Session, patience: Patience) {
    // A lost connection has rolled back as well.
    let _ = timeout(patience.answer, session.client.simple_query("ROLLBACK")).await;
}
