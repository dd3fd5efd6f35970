//! What the administrator sees of the role and the database when Stitch's login is refused: to a client that is not logged
//! in, the server reports the same for a wrong password, a missing role and an expired one.

use serde::Deserialize;

use crate::finding::{Code, Finding};
use crate::settings::Settings;
use crate::sql::identifier;
use crate::steps::layers::bad;
use crate::world::{Failure, Layer, Reader, Target};

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct AdminView {
    role: Option<Role>,
    /// Names like the database's, but for case.
    alike: Vec<String>,
    database_limit: Option<i64>,
    database_sessions: i64,
    max_connections: i64,
    sessions: i64,
}

#[derive(Clone, Debug, Deserialize)]
struct Role {
    can_login: bool,
    expired: bool,
    until: Option<String>,
    limit: i64,
    sessions: i64,
}

impl AdminView {
    /// Checks, where the server's message may mean several things.
    pub(super) async fn open(settings: &Settings, reader: &mut Reader, failure: &Failure) -> Option<Self> {
        let ambiguous = [
            Code::LoginPassword,
            Code::LoginNologin,
            Code::LoginDatabaseMissing,
            Code::LoginConnectionLimit,
            Code::LoginMaxConnections,
        ];
        if !ambiguous.contains(&failure.code) {
            return None;
        }
        let parameters = [settings.stitch.role.as_str(), settings.stitch.database.as_str()];
        // Where the administrator cannot see it either, the server's message stands.
        reader.ask(Target::Server, SEEN, &parameters).await.ok().flatten()
    }

    /// What the failure means by what is seen; `None` where that adds nothing.
    pub(super) fn explain(&self, failure: &Failure, settings: &Settings) -> Option<Finding> {
        let role = settings.stitch.role.as_str();
        let quoted = identifier(role);
        let said = &failure.text;
        let refused = |code, text: String, advice: String| Some(bad(Layer::Authentication, code, &text, advice));
        match (failure.code, &self.role) {
            (Code::LoginPassword | Code::LoginNologin, None) => {
                let text = format!("the role {role:?} does not exist; the server reports only: {said}");
                let advice = "run stitch-pg setup, which creates it, or correct --role (case matters)".to_owned();
                refused(Code::LoginRoleMissing, text, advice)
            }
            (Code::LoginPassword, Some(seen)) if seen.expired => {
                let until = seen.until.as_deref().unwrap_or_default();
                let text = format!("the password of {role:?} was valid until {until}; the server reports only: {said}");
                let advice = format!("run stitch-pg setup, or: ALTER ROLE {quoted} VALID UNTIL 'infinity'");
                refused(Code::LoginRoleExpired, text, advice)
            }
            (Code::LoginNologin, Some(seen)) if !seen.can_login => {
                let text = format!("the role {role:?} is NOLOGIN: {said}");
                let advice = format!("run stitch-pg setup, or: ALTER ROLE {quoted} LOGIN");
                refused(Code::LoginNologin, text, advice)
            }
            (Code::LoginDatabaseMissing, _) => self.other_name(settings, said),
            (Code::LoginConnectionLimit | Code::LoginMaxConnections, seen) => {
                Some(self.limit(failure, seen.as_ref(), settings))
            }
            _ => None,
        }
    }

    fn other_name(&self, settings: &Settings, said: &str) -> Option<Finding> {
        let database = settings.stitch.database.as_str();
        let alike = self.alike.first()?;
        let text = format!("there is no database {database:?}, but one named {alike:?}: {said}");
        let advice = format!(
            "give --database {alike:?} and enter exactly that in Stitch's form; CREATE DATABASE without quotes folds capitals"
        );
        Some(bad(Layer::Database, Code::LoginDatabaseMissing, &text, advice))
    }

    /// Whose limit was reached.
    fn limit(&self, failure: &Failure, role: Option<&Role>, settings: &Settings) -> Finding {
        let (name, database) = (settings.stitch.role.as_str(), settings.stitch.database.as_str());
        let said = &failure.text;
        if let Some(role) = role.filter(|role| role.limit >= 0 && role.sessions >= role.limit) {
            let (sessions, limit) = (role.sessions, role.limit);
            let text = format!("the role {name:?} has {sessions} of {limit} sessions: {said}");
            let advice = format!("ALTER ROLE {} CONNECTION LIMIT -1", identifier(name));
            return bad(Layer::Database, Code::LoginConnectionLimit, &text, advice);
        }
        let sessions = self.database_sessions;
        if let Some(limit) = self.database_limit.filter(|limit| *limit >= 0 && sessions >= *limit) {
            let text = format!("the database {database:?} has {sessions} of {limit} sessions: {said}");
            let (quoted, more) = (identifier(database), limit + 20);
            let advice = format!("ALTER DATABASE {quoted} CONNECTION LIMIT {more}");
            return bad(Layer::Database, Code::LoginConnectionLimit, &text, advice);
        }
        let text = format!(
            "the server has {} sessions, and allows {} that are not reserved: {said}",
            self.sessions, self.max_connections
        );
        let advice = "raise max_connections and restart, or end idle sessions; superusers can use the reserved ones";
        bad(Layer::Database, Code::LoginMaxConnections, &text, advice)
    }
}

/// `$1`: the role; `$2`: the database.
const SEEN: &str = "
SELECT json_build_object(
    'role', (SELECT json_build_object('can_login', rolcanlogin, 'expired', coalesce(rolvaliduntil < now(), false),
                'until', rolvaliduntil::text, 'limit', rolconnlimit,
                'sessions', (SELECT count(*) FROM pg_stat_activity WHERE usename = $1))
             FROM pg_roles WHERE rolname = $1),
    'alike', (SELECT coalesce(json_agg(datname ORDER BY datname), '[]') FROM pg_database
              WHERE lower(datname) = lower($2) AND datname <> $2),
    'database_limit', (SELECT datconnlimit FROM pg_database WHERE datname = $2),
    'database_sessions', (SELECT coalesce(max(numbackends), 0) FROM pg_stat_database WHERE datname = $2),
    'max_connections', (SELECT sum(CASE name WHEN 'max_connections' THEN 1 ELSE -1 END * setting::int) FROM pg_settings
        WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')),
    'sessions', (SELECT coalesce(sum(numbackends), 0) FROM pg_stat_database)
)::text";
