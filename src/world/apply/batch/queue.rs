//! What is to be done object by object, shared by the calls that are under way: the first round, and the rounds after it for
//! what was busy.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::{Result, anyhow};
use futures_util::future::join_all;
use tokio::time::sleep;
use tokio_postgres::error::SqlState;

use crate::change::Progress;
use crate::sql;
use crate::statement::Statement;
use crate::world::apply::execute::{Stopped, Tell, execute, has_code};
use crate::world::login::Session;

/// Statements in one call: a tenth of a second of work, after which progress is reported and the work can be interrupted.
const CHUNK: usize = 250;

/// The fewest in one call: where two connections share, neither takes so much that the other waits for it at the end.
const CHUNK_AT_LEAST: usize = 40;

/// What one object costs the server at least.
pub(super) const AN_OBJECT: Duration = Duration::from_micros(100);

/// Calls that are under way at a time on one connection, so that the server never waits for the network.
const IN_FLIGHT: usize = 4;

/// The same where each statement is a call.
const IN_FLIGHT_SINGLY: usize = 64;

/// How often busy objects are tried before they are left for the next run; the pause doubles from 50 ms to 3.2 s.
const TRIES: u32 = 7;

/// So many refused statements are reported with the server's words.
const MOST_SHOWN: usize = 5;

/// How statements reach the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// Many in one call.
    InBlocks,
    /// Each in a call of its own, many of them under way at a time.
    Singly,
}

/// What is to be done, and how far it is; shared by the calls that are under way.
pub(super) struct BatchQueue<'a> {
    statements: &'a [Statement],
    /// The memberships that the statements need, granted and revoked within each transaction.
    borrowed: Option<(String, String)>,
    lock_timeout: Duration,
    pub(super) limit: Duration,
    way: Transport,
    /// The first statement that no call has taken yet.
    next: Cell<usize>,
    end: usize,
    /// How many connections take of them.
    workers: usize,
    /// The fewest statements in a call of a connection that is not the only one.
    at_least: usize,
    done: Cell<usize>,
    /// Statements that met a lock, and what the server said.
    busy: RefCell<BTreeMap<usize, String>>,
    /// Statements about something that is gone, by the code of the error. The check after the change shows whether it is.
    gone: RefCell<BTreeMap<usize, String>>,
    /// The first thing that went wrong; nothing more is begun then.
    failure: RefCell<Option<anyhow::Error>>,
    tell: RefCell<Tell<'a>>,
}

impl<'a> BatchQueue<'a> {
    pub(super) fn new(
        statements: &'a [Statement],
        borrowed: Option<(String, String)>,
        lock_timeout: Duration,
        limit: Duration,
        way: Transport,
        tell: Tell<'a>,
    ) -> Self {
        Self {
            statements,
            borrowed,
            lock_timeout,
            limit,
            way,
            next: Cell::new(0),
            end: 0,
            workers: 1,
            at_least: CHUNK_AT_LEAST,
            done: Cell::new(0),
            busy: RefCell::default(),
            gone: RefCell::default(),
            failure: RefCell::default(),
            tell: RefCell::new(tell),
        }
    }

    /// Makes calls so large that the server has something to do while its answers and the next calls are on their way.
    pub(super) fn size_batches(&mut self, round_trip: Duration) {
        let meanwhile = usize::try_from(round_trip.as_micros() / AN_OBJECT.as_micros()).unwrap_or(CHUNK);
        self.at_least = (meanwhile / IN_FLIGHT).clamp(CHUNK_AT_LEAST, CHUNK);
    }

    /// Nothing met a lock.
    pub(super) fn is_free(&self) -> bool {
        self.busy.borrow().is_empty()
    }

    /// A part of the statements, on one connection.
    pub(super) async fn through(&mut self, session: &Session, range: Range<usize>) -> Result<()> {
        self.begin(range, 1);
        self.share(session).await;
        self.outcome()
    }

    /// The next part of the statements, for so many connections.
    pub(super) fn begin(&mut self, range: Range<usize>, workers: usize) {
        self.workers = workers;
        self.next.set(range.start);
        self.end = range.end;
    }

    pub(super) fn outcome(&self) -> Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// One connection's share: each call that becomes free takes the next statements.
    pub(super) async fn share(&self, session: &Session) {
        let at_a_time = match self.way {
            Transport::InBlocks => IN_FLIGHT,
            Transport::Singly => IN_FLIGHT_SINGLY,
        };
        join_all((0..at_a_time).map(|_| async {
            while let Some(range) = self.take() {
                let numbers: Vec<usize> = range.collect();
                match self.call(session, &numbers).await {
                    Ok(()) => self.progress(numbers.len()),
                    Err(error) => {
                        self.failure.borrow_mut().get_or_insert(error);
                    }
                }
            }
        }))
        .await;
    }

    /// The only connection's part; what fits into the calls under way is followed by the wait for the disk at no further
    /// round trip. Whether that was waited for.
    pub(super) async fn share_and_flush(&self, session: &Session) -> bool {
        let follows = self.way == Transport::InBlocks && self.end - self.next.get() <= IN_FLIGHT * CHUNK;
        let flush = sql::flush_commits();
        let flushed = async { follows && execute(session, &flush, self.limit).await.is_ok() };
        let ((), flushed) = tokio::join!(self.share(session), flushed);
        flushed
    }

    fn take(&self) -> Option<Range<usize>> {
        let start = self.next.get();
        if start >= self.end || self.failure.borrow().is_some() {
            return None;
        }
        let length = match self.way {
            Transport::InBlocks if self.workers > 1 => {
                ((self.end - start) / (self.workers * IN_FLIGHT)).clamp(self.at_least, CHUNK)
            }
            Transport::InBlocks => CHUNK,
            Transport::Singly => 1,
        };
        let end = self.end.min(start + length);
        self.next.set(end);
        Some(start..end)
    }

    /// One statement with the temporary memberships that it needs.
    pub(super) fn whole(&self, number: usize) -> String {
        let statement = &self.statements[number];
        match &self.borrowed {
            Some((grant, revoke)) => format!("{grant};\n{statement};\n{revoke}"),
            None => statement.to_string(),
        }
    }

    /// Makes these statements; the busy ones are noted.
    async fn call(&self, session: &Session, numbers: &[usize]) -> Result<()> {
        let texts: Vec<String> = numbers
            .iter()
            .map(|number| self.statements[*number].to_string())
            .collect();
        let statements: Vec<(usize, &str)> = numbers.iter().copied().zip(texts.iter().map(String::as_str)).collect();
        let (wait, role) = (self.lock_timeout, session.role.as_deref());
        let call = match (self.way, numbers, &self.borrowed) {
            (Transport::Singly, [only], _) => sql::async_commit(&self.whole(*only), wait, role),
            (_, _, Some((grant, revoke))) => sql::with_memberships(&statements, (grant, revoke), wait, role),
            (_, _, None) => sql::batch_block(&statements, wait, session.process, role),
        };
        let outcome = execute(session, &call, self.limit).await;
        let told = std::mem::take(&mut *session.told.lock().unwrap_or_else(PoisonError::into_inner));
        for refused in told
            .into_iter()
            .filter(|refused| refused.number < self.statements.len())
        {
            let list = if refused.busy { &self.busy } else { &self.gone };
            list.borrow_mut().insert(refused.number, refused.words);
        }
        match outcome {
            Ok(()) => Ok(()),
            Err(Stopped::Server(error)) if self.way == Transport::Singly && (is_busy(&error) || is_gone(&error)) => {
                let list = if is_busy(&error) { &self.busy } else { &self.gone };
                let words = session.explain(&error).to_string();
                let words = words.lines().next().unwrap_or_default();
                list.borrow_mut()
                    .extend(numbers.iter().map(|number| (*number, words.to_owned())));
                Ok(())
            }
            // The server says in which statement of the block.
            Err(Stopped::Server(error)) => {
                let context = error.as_db_error().and_then(|error| error.where_()).unwrap_or_default();
                let at = statements.iter().find(|(_, text)| context.contains(text));
                let place = match (at, statements.as_slice()) {
                    (Some((_, text)), _) | (None, [(_, text)]) => format!("in {text}"),
                    (None, all) => format!("in one of {} statements, the first is {}", all.len(), all[0].1),
                };
                Err(session.explain(&error).context(place))
            }
            Err(stopped) => Err(stopped.into_error(session)),
        }
    }

    fn progress(&self, more: usize) {
        self.done.set(self.done.get() + more);
        (self.tell.borrow_mut())(Progress {
            done: self.done.get(),
            total: self.statements.len(),
            busy: self.busy.borrow().len(),
        });
    }

    /// Tries the busy ones again, all of them after each pause, fewer at a time than the others: a call that waits for many
    /// locks takes long.
    pub(super) async fn again(&self, session: &Session) -> Result<()> {
        let length = match self.way {
            Transport::InBlocks => CHUNK / 10,
            Transport::Singly => 1,
        };
        for attempt in 0..TRIES - 1 {
            let busy: Vec<usize> = self.take_busy().into_keys().collect();
            if busy.is_empty() {
                break;
            }
            sleep(Duration::from_millis(50 << attempt)).await;
            for numbers in busy.chunks(length) {
                self.call(session, numbers).await?;
            }
            self.progress(0);
        }
        Ok(())
    }

    /// The statements that met a lock, in order, and what the server said.
    pub(super) fn take_busy(&self) -> BTreeMap<usize, String> {
        self.busy.take()
    }

    /// What was refused since something is gone, by the code of the error.
    pub(super) fn doubt(&self) -> Option<anyhow::Error> {
        let gone = self.gone.borrow();
        let lines = gone
            .iter()
            .map(|(number, words)| format!("{}: {words}", self.statements[*number]));
        let lines: Vec<String> = lines.take(MOST_SHOWN).collect();
        let more = gone.len() - lines.len();
        let more = if more == 0 {
            String::new()
        } else {
            format!("\n  and {more} more like it")
        };
        (!gone.is_empty()).then(|| anyhow!("{}{more}", lines.join("\n  ")))
    }
}

fn is_busy(error: &tokio_postgres::Error) -> bool {
    has_code(error, &[SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED])
}

fn is_gone(error: &tokio_postgres::Error) -> bool {
    let gone = [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_OBJECT,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::INVALID_SCHEMA_NAME,
    ];
    has_code(error, &gone)
}
