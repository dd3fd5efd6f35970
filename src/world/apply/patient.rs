//! Object by object, in few calls: each object is a transaction of its own that never waits long for a lock, busy ones are
//! tried again later and named at last with who holds them, and nothing is called made before it is on disk.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::future::join_all;
use tokio::time::sleep;
use tokio_postgres::error::SqlState;

use super::{PATIENCE, Stopped, execute, joined, run};
use crate::change::{Progress, Run, Sql, Statement};
use crate::sql;
use crate::world::World;
use crate::world::dial::Session;
use crate::world::failure::explain;

mod blockers;

/// Statements in one call: a tenth of a second of work, after which progress is told and the work can be cut off.
const CHUNK: usize = 250;

/// Calls that are under way at a time on one connection, so that the server never waits for the network.
const IN_FLIGHT: usize = 4;

/// The same where each statement is a call.
const IN_FLIGHT_SINGLY: usize = 64;

/// So many statements are worth a second connection.
const MANY: usize = 2000;

/// How often busy objects are tried before they are left for the next run; the pause doubles from 50 ms to 3.2 s.
const TRIES: u32 = 7;

/// Blocks that commit exist from this version on.
const COMMITTING_BLOCKS: i32 = 110_000;

/// Whom progress is told.
pub(crate) type Tell<'a> = &'a mut dyn FnMut(Progress);

impl World {
    /// Runs the statements of one change, or of several, in one go.
    pub(super) async fn patiently(&mut self, sql: &Sql, database: &str, tell: Tell<'_>) -> Result<()> {
        let Run::Patiently {
            lock_timeout,
            first,
            last,
        } = sql.run
        else {
            bail!("these statements are not run object by object")
        };
        // A borrowed membership is granted, used and revoked within each transaction.
        let run_as = |statement: &Statement| match sql.borrow.as_slice() {
            [] => statement.to_string(),
            _ => joined(&sql.around(vec![statement.clone()])).to_string(),
        };
        let all: Vec<String> = sql.statements.iter().map(run_as).collect();
        let version = self.postgres.server().await?.version_num;
        let session = self.first_session(database).await?;
        let mut work = Work {
            statements: &all,
            lock_timeout,
            limit: self.settings.timeout * PATIENCE,
            way: if version < COMMITTING_BLOCKS {
                Way::Singly
            } else {
                Way::InBlocks
            },
            next: Cell::new(0),
            end: 0,
            done: Cell::new(0),
            busy: RefCell::default(),
            failure: RefCell::default(),
            tell: RefCell::new(tell),
        };
        let objects = first..all.len() - last;
        let mut on_disk = false;
        // Two connections would wait for one another's borrowed memberships.
        if objects.len() < MANY || !sql.borrow.is_empty() {
            // One connection keeps the order by itself. What fits into the calls under way is followed by the wait for the
            // disk at no further round trip.
            work.begin(0..all.len());
            let follows = work.way == Way::InBlocks && all.len() <= IN_FLIGHT * CHUNK;
            let flushed = async { follows && run(&session, &sql::durably(), work.limit).await.is_ok() };
            ((), on_disk) = tokio::join!(work.share(&session), flushed);
            work.outcome()?;
        } else {
            work.through(&session, 0..first).await?;
            work.begin(objects.clone());
            let second = async {
                // One connection does it as well.
                if let Ok(second) = self.postgres.second(database).await {
                    work.share(&second).await;
                }
            };
            tokio::join!(work.share(&session), second);
            work.outcome()?;
            work.through(&session, objects.end..all.len()).await?;
        }
        on_disk &= work.busy.borrow().is_empty();
        work.again(&session).await?;
        if !on_disk {
            run(&session, &sql::durably(), work.limit)
                .await
                .context("cannot wait until everything is on disk")?;
        }
        let busy = work.take_busy();
        if busy.is_empty() {
            return Ok(());
        }
        let second = self.postgres.second(database).await.ok();
        let mut named = Vec::new();
        for number in &busy {
            let by = match &second {
                Some(second) if named.len() < blockers::MOST => {
                    blockers::of(&session, second, &all[*number], lock_timeout).await
                }
                _ => String::new(),
            };
            named.push(format!("{}{by}", sql.statements[*number]));
        }
        bail!(
            "{} of {} objects were in use all the time and are left as they were:\n  {}\nnext: run the same command again when they are free",
            busy.len(),
            objects.len(),
            named.join("\n  ")
        )
    }

    async fn first_session(&mut self, database: &str) -> Result<Arc<Session>> {
        let session = self.postgres.session(database).await?;
        Ok(Arc::clone(session.context("the database is gone")?))
    }
}

/// How statements reach the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Many in one call.
    InBlocks,
    /// Each in a call of its own, many of them under way at a time.
    Singly,
}

/// What is to be done, and how far it is; shared by the calls that are under way.
struct Work<'a> {
    statements: &'a [String],
    lock_timeout: Duration,
    limit: Duration,
    way: Way,
    /// The first statement that no call has taken yet.
    next: Cell<usize>,
    end: usize,
    done: Cell<usize>,
    /// Statements that met a lock.
    busy: RefCell<Vec<usize>>,
    /// The first thing that went wrong; nothing more is begun then.
    failure: RefCell<Option<anyhow::Error>>,
    tell: RefCell<Tell<'a>>,
}

impl Work<'_> {
    /// A part of the statements, on one connection.
    async fn through(&mut self, session: &Session, range: Range<usize>) -> Result<()> {
        self.begin(range);
        self.share(session).await;
        self.outcome()
    }

    fn begin(&mut self, range: Range<usize>) {
        self.next.set(range.start);
        self.end = range.end;
    }

    fn outcome(&self) -> Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// One connection's share: whoever is free takes the next statements.
    async fn share(&self, session: &Session) {
        let at_a_time = match self.way {
            Way::InBlocks => IN_FLIGHT,
            Way::Singly => IN_FLIGHT_SINGLY,
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

    fn take(&self) -> Option<Range<usize>> {
        let start = self.next.get();
        if start >= self.end || self.failure.borrow().is_some() {
            return None;
        }
        let length = match self.way {
            Way::InBlocks => CHUNK,
            Way::Singly => 1,
        };
        let end = self.end.min(start + length);
        self.next.set(end);
        Some(start..end)
    }

    /// Makes these statements; the busy ones are noted.
    async fn call(&self, session: &Session, numbers: &[usize]) -> Result<()> {
        let statements: Vec<(usize, &str)> = numbers
            .iter()
            .map(|number| (*number, self.statements[*number].as_str()))
            .collect();
        let call = match (self.way, statements.as_slice()) {
            (Way::Singly, [(_, only)]) => sql::asynchronously(only, self.lock_timeout),
            _ => sql::patiently(&statements, self.lock_timeout),
        };
        let outcome = execute(session, &call, self.limit).await;
        let told = std::mem::take(&mut *session.told.lock().unwrap_or_else(PoisonError::into_inner));
        self.busy
            .borrow_mut()
            .extend(told.iter().filter_map(|number| number.parse::<usize>().ok()));
        match outcome {
            Ok(()) => Ok(()),
            Err(Stopped::Server(error)) if self.way == Way::Singly && is_busy(&error) => {
                self.busy.borrow_mut().extend(numbers);
                Ok(())
            }
            Err(Stopped::Server(error)) if self.way == Way::Singly && is_gone(&error) => Ok(()),
            // The server says in which statement of the block.
            Err(Stopped::Server(error)) => {
                let context = error.as_db_error().and_then(|error| error.where_()).unwrap_or_default();
                let at = statements.iter().find(|(_, text)| context.contains(text));
                let place = at.map_or(String::new(), |(_, text)| format!("in {text}"));
                Err(explain(&error).context(place))
            }
            Err(stopped) => Err(stopped.into_error()),
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
    async fn again(&self, session: &Session) -> Result<()> {
        let length = match self.way {
            Way::InBlocks => CHUNK / 10,
            Way::Singly => 1,
        };
        for attempt in 0..TRIES - 1 {
            let busy = self.take_busy();
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

    /// The statements that met a lock, in order.
    fn take_busy(&self) -> Vec<usize> {
        let mut busy = self.busy.take();
        busy.sort_unstable();
        busy
    }
}

fn is_busy(error: &tokio_postgres::Error) -> bool {
    [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED]
        .iter()
        .any(|state| error.code() == Some(state))
}

fn is_gone(error: &tokio_postgres::Error) -> bool {
    [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_OBJECT,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::INVALID_SCHEMA_NAME,
    ]
    .iter()
    .any(|state| error.code() == Some(state))
}
