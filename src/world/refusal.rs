//! A login that the server itself refused, in words: by its SQLSTATE and by whether it had found the login right before,
//! never by the text of its message, since servers speak other languages.

use tokio_postgres::error::{DbError, SqlState};

use crate::finding::Code;
use crate::world::failure::{Failure, Layer, Stage, said};
use crate::world::tap::Method;

/// Supavisor and Neon say most of what they refuse with this one.
const INTERNAL: &SqlState = &SqlState::INTERNAL_ERROR;

/// Who was refused, where.
pub(crate) struct Refused<'a> {
    pub(crate) error: &'a DbError,
    pub(crate) user: &'a str,
    pub(crate) database: &'a str,
    /// The host name alone.
    pub(crate) host: &'a str,
    /// `host:port`.
    pub(crate) server: &'a str,
    /// How the server had asked to be convinced.
    pub(crate) method: Option<Method>,
    /// The layers that were passed before.
    pub(crate) passed: Vec<Stage>,
}

impl Refused<'_> {
    pub(crate) fn failure(self) -> Failure {
        let state = self.error.code().clone();
        let authenticated = self.passed.iter().any(|stage| stage.layer == Layer::Authentication);
        let (layer, code, text, advice) = self.told(&state, authenticated);
        let mut failure = Failure::new(layer, code, text).advise(advice).behind(self.passed);
        failure.state = Some(state);
        failure.routine = self.error.routine().map(ToOwned::to_owned);
        failure
    }

    fn told(&self, state: &SqlState, authenticated: bool) -> (Layer, Code, String, String) {
        let (server, user, database) = (self.server, self.user, self.database);
        let said = said(self.error);
        if *state == SqlState::INVALID_PASSWORD {
            return (
                Layer::Authentication,
                Code::LoginPassword,
                format!("{server} refused the password of {user:?} ({said})"),
                "check the user and the password; the server says the same for a role that does not exist, has no password, or has expired".to_owned(),
            );
        }
        if *state == SqlState::INVALID_AUTHORIZATION_SPECIFICATION && authenticated {
            return (
                Layer::Authentication,
                Code::LoginNologin,
                format!(
                    "{server} found the login of {user:?} right and lets it in no further: the role is missing or may not log in ({said})"
                ),
                format!("a superuser runs: ALTER ROLE {} LOGIN", crate::sql::identifier(user)),
            );
        }
        if *state == SqlState::INVALID_AUTHORIZATION_SPECIFICATION && self.method == Some(Method::Scram) {
            return (
                Layer::Authentication,
                Code::LoginBinding,
                format!("{server} takes the TLS it sees for another one than ours (channel binding): something in between ends TLS and begins it anew ({said})"),
                "take that proxy out of the way, or let it pass TLS through; a client without channel binding would get in".to_owned(),
            );
        }
        if *state == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
            return (
                Layer::Authentication,
                Code::LoginRefused,
                format!("{server} does not let {user:?} into {database:?} from here ({said})"),
                "a pg_hba.conf rule is missing, says reject or wants a client certificate; stitch-pg check --only allowlist, as a superuser, names it".to_owned(),
            );
        }
        if *state == SqlState::INVALID_CATALOG_NAME {
            return (
                Layer::Database,
                Code::LoginDatabaseMissing,
                format!("{server} has no database {database:?} ({said})"),
                "names are case-sensitive here: an unquoted CREATE DATABASE StitchDW makes stitchdw".to_owned(),
            );
        }
        if *state == SqlState::INSUFFICIENT_PRIVILEGE {
            return (
                Layer::Database,
                Code::LoginConnect,
                format!("{user:?} may not connect to {database:?} on {server} ({said})"),
                format!(
                    "the database's owner runs: GRANT CONNECT ON DATABASE {} TO {}",
                    crate::sql::identifier(database),
                    crate::sql::identifier(user)
                ),
            );
        }
        if *state == SqlState::TOO_MANY_CONNECTIONS {
            return (
                Layer::Database,
                if authenticated {
                    Code::LoginLimit
                } else {
                    Code::LoginFull
                },
                format!("{server} has no connection free for {user:?} ({said})"),
                "wait, or raise max_connections or the role's or database's CONNECTION LIMIT".to_owned(),
            );
        }
        self.unusual(state, &said)
    }

    fn unusual(&self, state: &SqlState, said: &str) -> (Layer, Code, String, String) {
        let (server, user, database) = (self.server, self.user, self.database);
        if *state == SqlState::CANNOT_CONNECT_NOW {
            return (
                Layer::Database,
                Code::LoginStarting,
                format!("{server} is starting up, shutting down or recovering ({said})"),
                "try again in a minute; a standby with hot_standby = off says this for ever".to_owned(),
            );
        }
        if *state == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE {
            return (
                Layer::Database,
                Code::LoginDatabaseClosed,
                format!("{database:?} on {server} does not accept connections ({said})"),
                "choose another database, or ask its owner: ALTER DATABASE … ALLOW_CONNECTIONS true".to_owned(),
            );
        }
        if let Some(advice) = hosted(self.host, state) {
            return (
                Layer::Authentication,
                Code::LoginTenant,
                format!("{server} does not know which project or endpoint {user:?} belongs to ({said})"),
                advice.to_owned(),
            );
        }
        (
            Layer::Authentication,
            Code::LoginRefused,
            format!("{server} refused the login of {user:?} ({said})"),
            "read the server's log for this moment".to_owned(),
        )
    }
}

/// What the routers before hosted databases want, which they cannot say in a SQLSTATE of its own.
fn hosted(host: &str, state: &SqlState) -> Option<&'static str> {
    let unclear = state == INTERNAL || *state == SqlState::PROTOCOL_VIOLATION;
    if unclear && host.ends_with(".neon.tech") {
        return Some(
            "Neon finds the endpoint by the host name in the TLS handshake (SNI): tick Connect using SSL (--ssl), and give \
             the endpoint's name with --stitch-host, not an address",
        );
    }
    if unclear && host.ends_with(".pooler.supabase.com") {
        return Some(
            "Supabase's pooler wants the project behind the role: USER.PROJECT. Give the admin's login so as well \
             (--admin-user postgres.PROJECT), and the role's is derived from it",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routers_of_hosted_databases_are_known_by_their_names() {
        let neon = hosted("ep-cool-1.eu-central-1.aws.neon.tech", &SqlState::PROTOCOL_VIOLATION);
        assert!(neon.is_some_and(|advice| advice.contains("SNI")));
        let supabase = hosted("aws-0-eu.pooler.supabase.com", INTERNAL);
        assert!(supabase.is_some_and(|advice| advice.contains("USER.PROJECT")));
        assert_eq!(hosted("db.example.com", INTERNAL), None);
        assert_eq!(hosted("x.neon.tech", &SqlState::INVALID_PASSWORD), None);
    }
}
