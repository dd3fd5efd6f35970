//! Whether a pooler stands between us and PostgreSQL, and of which kind. It tells a process number of its own at login,
//! which is not the one that the server process has.

use crate::world::Reader;
use crate::world::login::Session;
use crate::world::postgres::ask;

/// How a pooler shares server sessions among its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pooler {
    /// One for each client, as long as it stays; or the pooler hides how.
    Session,
    /// One for each transaction, or statement.
    Shared,
}

const PROCESS: &str = "SELECT to_json(pg_backend_pid())::text";

impl Reader {
    /// Which pooler this login came through, if any; `process` is the server process it is served by.
    pub(crate) async fn pooler(&mut self, session: &Session, process: i32) -> Option<Pooler> {
        if session.process.is_none_or(|told| told == process) {
            return None;
        }
        // The first session rests now. Where sessions are shared, a second one is served by the same process.
        let second = self
            .postgres
            .log_in_as_stitch(self.settings.stitch.database.as_str())
            .await;
        let Ok(second) = second else {
            return Some(Pooler::Session);
        };
        let limit = self.settings.timeout;
        match ask::<i32>(&second, PROCESS, &[], limit).await {
            Ok(other) if other == process => Some(Pooler::Shared),
            _ => Some(Pooler::Session),
        }
    }
}
