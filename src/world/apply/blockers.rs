//! What blocks a change: an event trigger that an error names, or sessions that a second connection sees while the first one waits
//! for a lock.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Error, Result, anyhow};
use futures_util::future::{Either, select};
use serde::Deserialize;
use tokio::time::timeout;

use crate::sql;
use crate::world::apply::execute::execute;
use crate::world::login::Session;
use crate::world::postgres::ask;
use crate::world::writer::Writer;

/// For so many busy objects the blocking sessions are looked up; each costs one more wait.
pub(super) const MOST: usize = 20;

/// The wait may be over before the question from the other connection begins; then both are done once more.
const LOOKS: u32 = 5;

const LIMIT: Duration = Duration::from_secs(10);

/// A session that holds a lock, as far as this login may see it.
#[derive(Debug, Deserialize)]
struct Blocker {
    pid: i32,
    user: Option<String>,
    application: Option<String>,
    kind: Option<String>,
    /// Seconds since its query began.
    age: Option<i64>,
}

/// How long a change takes longer than an answer may before it is called waiting: runs that wait for their turn end then.
const GRACE: Duration = Duration::from_secs(1);

impl Writer {
    /// A change that takes longer than an answer should: while it is waited for, the sessions that block it are reported.
    pub(super) async fn telling_who_is_in_the_way<T>(
        &mut self,
        (session, database): (&Session, &str),
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let began = self.reader.settings.timeout + GRACE;
        let mut work = pin!(work);
        if let Ok(outcome) = timeout(began, work.as_mut()).await {
            return outcome;
        }
        let tell = Arc::clone(&self.reader.asker.tell);
        let look = async {
            let by = match (session.process, self.reader.second(database).await) {
                (Some(pid), Ok(second)) => holders(&second, pid).await,
                _ => Vec::new(),
            };
            let by = match by.as_slice() {
                [] => ", and the blocking session cannot be checked from here".to_owned(),
                by => format!(" for a lock held by {}", by.join("; ")),
            };
            tell(&format!("the change has been waiting {} s{by}", began.as_secs()));
        };
        match select(work.as_mut(), pin!(look)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => work.await,
        }
    }
}

async fn holders(second: &Session, pid: i32) -> Vec<String> {
    let seen = ask::<Vec<Blocker>>(second, BLOCKERS, &[&pid.to_string()], LIMIT).await;
    seen.unwrap_or_default().iter().map(described).collect()
}

/// Who keeps an object busy, by waiting for it once more: `: held by …`, or nothing where it cannot be seen.
pub(super) async fn of(session: &Session, second: &Session, statement: &str, lock_timeout: Duration) -> String {
    let Ok(pid) = ask::<i32>(session, "SELECT pg_backend_pid()::text", &[], LIMIT).await else {
        return String::new();
    };
    // Made after all, should the lock be free by now: the check afterwards sees it.
    let attempt = sql::async_commit(statement, lock_timeout, session.role.as_deref());
    for _ in 0..LOOKS {
        let (made, holders) = tokio::join!(execute(session, &attempt, LIMIT), holders(second, pid));
        if !holders.is_empty() {
            return format!(": held by {}", holders.join("; "));
        }
        if made.is_ok() {
            break;
        }
    }
    String::new()
}

fn described(blocker: &Blocker) -> String {
    if blocker.pid == 0 {
        return "a prepared transaction (pg_prepared_xacts)".to_owned();
    }
    let mut words = vec![format!("pid {}", blocker.pid)];
    words.extend(blocker.user.as_ref().map(|user| format!("user {user:?}")));
    let application = blocker.application.as_ref().filter(|name| !name.is_empty());
    words.extend(application.map(|name| format!("application {name:?}")));
    let kind = blocker.kind.as_ref().filter(|kind| *kind != "client backend");
    words.extend(kind.cloned());
    words.push(match blocker.age {
        Some(age) => format!("its query began {age} s ago"),
        None => "the age of its query is hidden from this login".to_owned(),
    });
    words.join(", ")
}

/// `$1`: the process that waits. Checks every 5 ms, for a second at most, until that process waits for another one.
const BLOCKERS: &str = "
WITH RECURSIVE look AS (
    SELECT 1 AS times, pg_blocking_pids($1::int) AS pids
    UNION ALL
    SELECT times + 1, pg_blocking_pids($1::int) FROM look, LATERAL (SELECT pg_sleep(0.005)) AS pause
    WHERE pids = '{}' AND times < 200)
SELECT coalesce(json_agg(json_build_object(
    'pid', b.pid, 'user', a.usename, 'application', a.application_name, 'kind', to_jsonb(a) ->> 'backend_type',
    'age', extract(epoch FROM clock_timestamp() - a.query_start)::int) ORDER BY b.pid), '[]')::text
FROM (SELECT DISTINCT unnest(pids) AS pid FROM look) AS b LEFT JOIN pg_stat_activity AS a ON a.pid = b.pid";

#[derive(Deserialize)]
struct EventTrigger {
    name: String,
    owner: String,
    /// As the server writes it: `public.guard()`.
    function: String,
}

/// The error, with the event triggers whose functions its words name.
pub(super) async fn named(session: &Session, error: Error, limit: Duration) -> Error {
    let words = format!("{error:#}");
    if !words.contains("() ") {
        return error;
    }
    // Where the question fails too, the server's words remain.
    let triggers: Vec<EventTrigger> = ask(session, QUESTION, &[], limit).await.unwrap_or_default();
    let mut raised = triggers.iter().filter(|trigger| words.contains(&trigger.function));
    let Some(first) = raised.next() else { return error };
    let mut named = format!("the event trigger {:?} of {:?} refused it", first.name, first.owner);
    for other in raised {
        named = format!("{named}, or {:?} of {:?}", other.name, other.owner);
    }
    let (words, _) = words.split_once("\nnext: ").unwrap_or((&words, ""));
    let advice = format!(
        "ask its owner to allow this, or a superuser runs: ALTER EVENT TRIGGER {} DISABLE; then run the same command \
         again, and enable it afterwards",
        sql::identifier(&first.name)
    );
    anyhow!("{words}\n  {named}\nnext: {advice}")
}

const QUESTION: &str = "
SELECT coalesce(json_agg(json_build_object('name', t.evtname, 'owner', pg_get_userbyid(t.evtowner),
    'function', t.evtfoid::regprocedure::text) ORDER BY t.evtname), '[]')::text
FROM pg_event_trigger t WHERE t.evtenabled IN ('O', 'A')";
