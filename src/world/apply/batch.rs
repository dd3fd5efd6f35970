//! Object by object, in few calls: each object is a transaction of its own that never waits long for a lock, busy ones are
//! tried again later and named at last with who holds them, and nothing is called made before it is on disk.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures_util::future::{Either, select};

use super::blockers;
use super::execute::{Applied, PATIENCE, Tell, joined, run};
use crate::change::{Execution, Sql};
use crate::sql;
use crate::statement::Statement;
use crate::world::failure::Layer;
use crate::world::login::Session;
use crate::world::writer::Writer;

mod queue;

use queue::{AN_OBJECT, BatchQueue, Transport};

/// So many objects are worth a second connection, which is not waited for, however far away the server is.
const MANY: usize = 1500;

/// Fewer are shared where so many logins take less time than they do.
const LOGINS: u32 = 4;

/// Blocks that commit exist from this version on.
const COMMITTING_BLOCKS: i32 = 110_000;

/// Whether a second connection would be there long before the first is done: what it costs is its login, and two round
/// trips, since what comes first and last is waited for then.
fn worth_sharing(objects: usize, session: &Session) -> bool {
    let login: Duration = session.stages.iter().map(|stage| stage.elapsed).sum();
    let work = AN_OBJECT * u32::try_from(objects).unwrap_or(u32::MAX);
    objects >= MANY || work > login * LOGINS
}

/// How long an answer takes that costs the server nothing: the first one of the login, to within the start of a process.
fn round_trip(session: &Session) -> Duration {
    let answers = session.stages.iter().filter(|stage| stage.layer == Layer::Protocol);
    answers.map(|stage| stage.elapsed).sum()
}

impl Writer {
    /// Runs the statements of one change, or of several, in one go.
    pub(super) async fn patiently(&mut self, sql: &Sql, database: &str, tell: Tell<'_>) -> Result<Applied> {
        let Execution::PerStatement {
            lock_timeout,
            first,
            last,
        } = sql.run
        else {
            bail!("these statements are not run object by object")
        };
        let all = sql.statements.as_slice();
        let borrowed = (!sql.memberships.is_empty()).then(|| {
            let text = |statements: Vec<Statement>| joined(&statements).to_string();
            (
                text(sql.memberships.iter().map(sql::grant_membership).collect()),
                text(sql.memberships.iter().rev().map(sql::revoke_membership).collect()),
            )
        });
        let version = self.reader.server().await?.version_num;
        let session = self.first_session(database).await?;
        let way = if version < COMMITTING_BLOCKS {
            Transport::Singly
        } else {
            Transport::InBlocks
        };
        let mut work = BatchQueue::new(
            all,
            borrowed,
            lock_timeout,
            self.reader.settings.timeout * PATIENCE,
            way,
            tell,
        );
        work.size_batches(round_trip(&session));
        let objects = first..all.len() - last;
        let mut on_disk = false;
        // Two connections would wait for one another's temporary memberships.
        let outcome = if !worth_sharing(objects.len(), &session) || !sql.memberships.is_empty() {
            // One connection keeps the order by itself.
            work.begin(0..all.len(), 1);
            on_disk = work.share_and_flush(&session).await;
            work.outcome()
        } else {
            let shared = async {
                work.through(&session, 0..first).await?;
                work.begin(objects.clone(), 2);
                self.shared_out(database, &session, &work).await;
                work.outcome()?;
                work.begin(objects.end..all.len(), 1);
                on_disk = work.share_and_flush(&session).await;
                work.outcome()
            };
            shared.await
        };
        on_disk &= work.is_free();
        let mut outcome = match outcome {
            Ok(()) => work.again(&session).await,
            failed => failed,
        };
        if !on_disk {
            // Also after a failure, since it resets what was set in the session for this work.
            let waited = run(&session, &sql::flush_commits(), work.limit).await;
            outcome = outcome.and(waited.context("cannot wait until all changes are on disk"));
        }
        // What was passed over may be why something else was refused.
        let doubt = work.doubt();
        if let Err(error) = outcome {
            return Err(match doubt {
                Some(doubt) => anyhow!("{doubt:#}\n  {error:#}"),
                None => error,
            });
        }
        let busy = work.take_busy();
        if busy.is_empty() {
            return Ok(doubt.map_or(Applied::Made, Applied::Doubtful));
        }
        let second = self.reader.second(database).await.ok();
        let mut named = Vec::new();
        for (number, words) in &busy {
            let by = match &second {
                Some(second) if named.len() < blockers::MOST => {
                    blockers::of(&session, second, &work.whole(*number), lock_timeout).await
                }
                _ => String::new(),
            };
            let by = if by.is_empty() { format!(": {words}") } else { by };
            named.push(format!("{}{by}", sql.statements[*number]));
        }
        named.extend(doubt.map(|doubt| format!("{doubt:#}")));
        bail!(
            "{} of {} objects were in use all the time and were not changed:\n  {}\nnext: run the same command again when they are not in use",
            busy.len(),
            objects.len(),
            named.join("\n  ")
        )
    }

    /// Two connections, each of which takes the next statements when it is free.
    async fn shared_out(&mut self, database: &str, session: &Session, work: &BatchQueue<'_>) {
        let works = Cell::new(false);
        let second = async {
            // One connection does it as well.
            if let Ok(second) = self.reader.second(database).await {
                works.set(true);
                work.share(&second).await;
                // Nothing was promised on it, so this has no need to be waited for by anything else.
                let _ = run(&second, &sql::flush_commits(), work.limit).await;
            }
        };
        match select(pin!(work.share(session)), pin!(second)).await {
            Either::Left(((), second)) if works.get() => second.await,
            // It came too late.
            Either::Left(_) => {}
            Either::Right(((), first)) => first.await,
        }
    }

    pub(super) async fn first_session(&mut self, database: &str) -> Result<Arc<Session>> {
        let session = self.reader.session(database).await?;
        Ok(Arc::clone(session.context("the database is gone")?))
    }
}
