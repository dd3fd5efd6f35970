//! Runs acts: all at once, and the answers as they come. One flight, and yet each has its own error.

use tokio::time::timeout;
use tokio_postgres::SimpleQueryMessage;

use super::statements::{COPY, LoadStatement, ROW};
use super::{Patience, Refusal, Rehearsed, refusal};
use crate::world::login::Session;

type StatementResult = Result<Vec<SimpleQueryMessage>, tokio_postgres::Error>;

/// Plays the acts in order; those behind the first that is refused are void.
pub(super) async fn execute(
    session: &Session,
    acts: Vec<LoadStatement>,
    patience: Patience,
    rehearsed: &mut Rehearsed,
) {
    let Some(answers) = all_at_once(session, &acts, patience).await else {
        rehearsed.refusal = Some(unanswered(patience));
        return;
    };
    for (act, answer) in acts.into_iter().zip(answers) {
        match answer {
            Ok(_) => rehearsed.passed += 1,
            Err(error) => {
                rehearsed.refusal = Some(refusal(session, act, &error));
                return;
            }
        }
    }
}

/// The answer to each, or nothing when they did not come in time.
#[expect(clippy::disallowed_methods, reason = "the test load, which is rolled back")]
pub(super) async fn all_at_once(
    session: &Session,
    acts: &[LoadStatement],
    patience: Patience,
) -> Option<Vec<StatementResult>> {
    let answers = acts
        .iter()
        .map(|LoadStatement(_, statement)| session.client.simple_query(statement));
    timeout(patience.answer, join_in_order(answers.collect())).await.ok()
}

pub(super) fn unanswered(patience: Patience) -> Refusal {
    Refusal {
        act: "load",
        statement: String::new(),
        said: format!("no answer within {} s", patience.answer.as_secs()),
        state: None,
    }
}

/// Polls every request once before waiting for the first answer, which is what makes tokio-postgres pipeline them.
async fn join_in_order<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        let mut all_done = true;
        for (future, output) in pending.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => all_done = false,
                }
            }
        }
        if all_done {
            std::task::Poll::Ready(outputs.iter_mut().filter_map(Option::take).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

#[expect(clippy::disallowed_methods, reason = "the test load, which is rolled back")]
pub(super) async fn copy_into_staging(session: &Session, patience: Patience) -> Result<(), tokio_postgres::Error> {
    let work = async {
        let sink = session.client.copy_in::<_, &[u8]>(COPY).await?;
        let mut sink = std::pin::pin!(sink);
        std::future::poll_fn(|context| futures_sink::Sink::poll_ready(sink.as_mut(), context)).await?;
        futures_sink::Sink::start_send(sink.as_mut(), ROW.as_bytes())?;
        sink.as_mut().finish().await.map(drop)
    };
    // A time-out shows itself at the next act, which will not be answered either.
    timeout(patience.answer, work).await.unwrap_or(Ok(()))
}

#[expect(clippy::disallowed_methods, reason = "the test load, which is rolled back")]
pub(super) async fn roll_back(session: &Session, patience: Patience) {
    // A lost connection has rolled back as well.
    let _ = timeout(patience.answer, session.client.simple_query("ROLLBACK")).await;
}
