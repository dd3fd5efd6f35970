//! A login that the server itself refused, in words: by its SQLSTATE and by whether it had found the login right before,
//! never by the text of its message, since servers speak other languages.

use tokio_postgres::error::{DbError, SqlState};

use crate::finding::Code;
use crate::shell_word;
use crate::sql::identifier;
use crate::world::failure::{Failure, Layer, Stage, server_message};
use crate::world::login::AdminLogin;
use crate::world::login_observer::guard::AuthRequest;

const OWN_USER: &str = "\na new server has no password for postgres, and lets its Linux user in without one: \
                        sudo -u postgres stitch-pg … --host /var/run/postgresql";

/// Who was refused, where.
pub(crate) struct Refused<'a> {
    pub(crate) error: &'a DbError,
    pub(crate) login: &'a AdminLogin,
    /// `host:port`.
    pub(crate) server: &'a str,
    /// How the server had asked to be convinced.
    pub(crate) method: Option<AuthRequest>,
    /// The user whose server listens on the Unix socket that was connected to, where that is another than ours.
    pub(crate) socket_owner: Option<String>,
    /// The layers that were passed before.
    pub(crate) passed: Vec<Stage>,
}

impl Refused<'_> {
    pub(crate) fn failure(self) -> Failure {
        let state = self.error.code().clone();
        let authenticated = self.passed.iter().any(|stage| stage.layer == Layer::Authentication);
        let (layer, code, text, mut advice) = self.describe(&state, authenticated);
        if matches!(code, Code::LoginPassword | Code::LoginRefused) && self.is_new_server() {
            advice.push_str(OWN_USER);
        }
        let text = format!("{text} ({})", server_message(self.error));
        let mut failure = Failure::new(layer, code, text).advise(advice).behind(self.passed);
        failure.state = Some(state);
        failure.routine = self.error.routine().map(ToOwned::to_owned);
        failure
    }

    /// Which pooler speaks, by what its errors hold, and what to do there.
    fn pooler(&self) -> (&'static str, String) {
        let (user, database) = (self.login.user.as_str(), self.login.database.as_str());
        if self.error.file().is_some() {
            let advice = format!(
                "add the role to Pgpool-II's pool_passwd (pg_enc -m -u {} --prompt), allow it in pool_hba.conf, and run: pgpool reload",
                shell_word::word(user)
            );
            return ("Pgpool-II", advice);
        }
        let full = pool_is_full(self.error.message()).map(str::to_owned);
        let advice = full.unwrap_or_else(|| format!(
            "PgBouncer: add the role {user:?} with its password to userlist.txt (auth_file), or set auth_user and auth_query; name \
             the database {database:?} or * in [databases]; then run RELOAD in its console. Any other pooler: add both there"
        ));
        ("a connection pooler (PgBouncer or one like it)", advice)
    }

    /// Whether it may be a server as it was installed.
    fn is_new_server(&self) -> bool {
        self.login.user == "postgres" && matches!(self.login.host.as_str(), "localhost" | "127.0.0.1" | "::1")
    }

    /// The layer, the code, what is the case and what to do.
    fn describe(&self, state: &SqlState, authenticated: bool) -> (Layer, Code, String, String) {
        let (server, user, database) = (self.server, self.login.user.as_str(), self.login.database.as_str());
        let login = |code, text, advice: &str| (Layer::Authentication, code, text, advice.to_owned());
        let inside = |code, text, advice: &str| (Layer::Database, code, text, advice.to_owned());
        // PostgreSQL always names the routine that refused.
        let is_its_own = self.error.routine().is_some();
        let tenant = hosted(self.login.host.as_str(), state).filter(|_| !is_its_own);
        if let Some(advice) = tenant {
            let text = format!("{server} does not know which project or endpoint {user:?} belongs to");
            return login(Code::LoginTenant, text, advice);
        }
        match *state {
            _ if !is_its_own && !authenticated => {
                let (who, advice) = self.pooler();
                login(
                    Code::LoginPooler,
                    format!("{who} answers at {server} for PostgreSQL, and refuses {user:?} on {database:?}"),
                    &advice,
                )
            }
            SqlState::INVALID_PASSWORD => login(
                Code::LoginPassword,
                format!("{server} refused the password of {user:?}"),
                "check the user and the password; the server reports the same for a role that is missing, expired or without a password",
            ),
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION if self.socket_owner.is_some() => login(
                Code::LoginRefused,
                format!("{server} allows {user:?} only as the Linux user of that name (peer in pg_hba.conf)"),
                &format!(
                    "run it as the server's own user: sudo -u {} stitch-pg …",
                    self.socket_owner.as_deref().unwrap_or("postgres")
                ),
            ),
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION if authenticated => login(
                Code::LoginNologin,
                format!("{server} accepted the login of {user:?}, but the role is missing or may not log in"),
                &format!("a superuser runs: ALTER ROLE {} LOGIN", identifier(user)),
            ),
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION if self.method == Some(AuthRequest::Scram) => login(
                Code::LoginChannelBinding,
                format!(
                    "{server} does not see stitch-pg's TLS session (channel binding): a proxy in between ends TLS and starts its own"
                ),
                "remove that proxy, or let it pass TLS through; clients without channel binding can log in",
            ),
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => login(
                Code::LoginRefused,
                format!("{server} does not allow {user:?} to log in to {database:?} from here"),
                "a pg_hba.conf rule is missing, rejects the login or requires a client certificate; a superuser finds it with: stitch-pg check --only allowlist",
            ),
            SqlState::INVALID_CATALOG_NAME => inside(
                Code::LoginDatabaseMissing,
                format!("{server} has no database {database:?}"),
                "names are case-sensitive here: an unquoted CREATE DATABASE StitchDW makes stitchdw",
            ),
            SqlState::INSUFFICIENT_PRIVILEGE => inside(
                Code::LoginConnect,
                format!("{user:?} may not connect to {database:?} on {server}"),
                &format!(
                    "the database's owner runs: GRANT CONNECT ON DATABASE {} TO {}",
                    identifier(database),
                    identifier(user)
                ),
            ),
            SqlState::TOO_MANY_CONNECTIONS => inside(
                if authenticated {
                    Code::LoginConnectionLimit
                } else {
                    Code::LoginMaxConnections
                },
                format!("{server} has no free connection for {user:?}"),
                "wait, or raise max_connections or the role's or database's CONNECTION LIMIT",
            ),
            SqlState::CANNOT_CONNECT_NOW => inside(
                Code::LoginStarting,
                format!("{server} is starting up, shutting down or recovering"),
                "try again in a minute; a standby with hot_standby = off always reports this",
            ),
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE => inside(
                Code::LoginDatabaseClosed,
                format!("{database:?} on {server} does not accept connections"),
                &format!(
                    "choose another database, or its owner runs: ALTER DATABASE {} ALLOW_CONNECTIONS true;",
                    identifier(database)
                ),
            ),
            _ => login(
                Code::LoginRefused,
                format!("{server} refused the login of {user:?}"),
                "read the server's log for this moment",
            ),
        }
    }
}

/// What to do where a pooler has no session left, by PgBouncer's words.
pub(crate) fn pool_is_full(words: &str) -> Option<&'static str> {
    let is_full = words.contains("max_client_conn") || words.contains("query_wait_timeout");
    is_full.then_some("raise default_pool_size or max_client_conn in PgBouncer's file, or end idle sessions, then run RELOAD in its console")
}

/// What the routers before hosted databases want, which they cannot say in a SQLSTATE of its own: Supavisor and Neon say most
/// of what they refuse with that of an internal error.
fn hosted(host: &str, state: &SqlState) -> Option<&'static str> {
    let unclear = matches!(*state, SqlState::INTERNAL_ERROR | SqlState::PROTOCOL_VIOLATION);
    if unclear && host.ends_with(".neon.tech") {
        return Some(
            "Neon finds the endpoint by the host name in the TLS handshake (SNI): tick Connect using SSL (--ssl), and give \
             the endpoint's name with --stitch-host, not an address",
        );
    }
    (unclear && host.ends_with(".pooler.supabase.com")).then_some(
        "Supabase's pooler needs the project after the role: USER.PROJECT. Give the admin's login in that form (--admin-user postgres.PROJECT); stitch-pg derives the role's from it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routers_of_hosted_databases_are_known_by_their_names() {
        let neon = hosted("ep-cool-1.eu-central-1.aws.neon.tech", &SqlState::PROTOCOL_VIOLATION);
        assert!(neon.is_some_and(|advice| advice.contains("SNI")));
        let supabase = hosted("aws-0-eu.pooler.supabase.com", &SqlState::INTERNAL_ERROR);
        assert!(supabase.is_some_and(|advice| advice.contains("USER.PROJECT")));
        assert_eq!(hosted("db.example.com", &SqlState::INTERNAL_ERROR), None);
        assert_eq!(hosted("x.neon.tech", &SqlState::INVALID_PASSWORD), None);
    }
}
