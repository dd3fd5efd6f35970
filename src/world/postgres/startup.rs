//! What a connection of the admin's starts with: where names are looked for, read-only where nothing is to be changed, and
//! the role it acts as.

use tokio_postgres::error::SqlState;

use crate::finding::Code;
use crate::names::RoleName;
use crate::sql;
use crate::world::access::Access;
use crate::world::failure::{Failure, Layer};
use crate::world::login::AdminLogin;

/// They hold from the first statement on, and for every statement: nothing has to remember them. They are sent in any
/// case, so that a pooler gives itself away.
///
/// `unbounded`: limits set for this login that would cut off our own work.
pub(super) fn startup_options(
    access: Access,
    given: Option<&str>,
    unbounded: &[String],
    role: Option<&RoleName>,
) -> String {
    let unbounded = unbounded
        .iter()
        .fold(String::new(), |all, name| format!("{all} -c {name}=0"));
    let read_only = match access {
        Access::ReadOnly => " -c default_transaction_read_only=on",
        // Whether this login may write is its owner's business.
        Access::ReadWrite => "",
    };
    let role = role.map_or(String::new(), |role| format!(" {}", sql::role_option(role)));
    // Of two options for one setting the server takes the last: ours win over libpq's `options`. But for the first, without
    // which a database's owner decides as whom the administrator acts there (ALTER DATABASE … SET role).
    let given = given.map_or(String::new(), |given| format!("{given} "));
    format!("-c role=none {given}{}{unbounded}{read_only}{role}", sql::PATH_OPTION)
}

/// What [`Access::ReadOnly`] starts with, in a session of our own that has begun.
pub(super) const MAKE_READ_ONLY: &str =
    "SELECT coalesce(pg_catalog.to_json(CASE WHEN pg_catalog.pg_backend_pid() = /* process */
    THEN pg_catalog.set_config('default_transaction_read_only', 'on', false) END)::text, 'null')";

/// A session of a pooler is not ours alone, so a role must not be set in it.
pub(super) fn behind_pooler(what: &str, login: &AdminLogin) -> Failure {
    let (server, by) = (login.server(), &login.given_by);
    let text = format!("{what} cannot be set at {server}: a pooler refuses startup options");
    let advice = format!("give PostgreSQL's own host and port with {} and {}", by.host, by.port);
    Failure::new(Layer::Protocol, Code::LoginRefused, text).advise(advice)
}

/// The server refused the role, not the login. A closed database has the code of a missing privilege too, but another routine.
pub(super) fn role_refused(role: &RoleName, login: &AdminLogin, failure: &Failure) -> Option<Failure> {
    let codes = [SqlState::INVALID_PARAMETER_VALUE, SqlState::INSUFFICIENT_PRIVILEGE];
    let is_it = failure.is_one_of(&codes) && failure.routine.as_deref() != Some("CheckMyDatabase");
    is_it.then(|| {
        let (user, said) = (&login.user, &failure.text);
        let text = format!("{user:?} may not act as the role {role:?} (--set-role): {said}");
        let (role, grantee) = (sql::identifier(role.as_str()), sql::identifier(user));
        let advice = format!("check its spelling; an administrator of that role runs: GRANT {role} TO {grantee}");
        Failure {
            state: failure.state.clone(),
            ..Failure::new(Layer::Authentication, Code::LoginRefused, text).advise(advice)
        }
    })
}

/// Whether the login may have failed because its session was read-only from the start, as where a function that is called at
/// logins writes: the server had found the login right, and says nothing of what it says of closed doors. Each question is
/// read-only by itself as well.
pub(super) fn is_for_read_only(access: Access, failure: &Failure) -> bool {
    let authenticated = failure.passed.iter().any(|stage| stage.layer == Layer::Authentication);
    let closed = [
        SqlState::INVALID_CATALOG_NAME,
        SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::PROTOCOL_VIOLATION,
    ];
    access == Access::ReadOnly
        && authenticated
        && failure.state.is_some()
        && failure.routine.as_deref() != Some("CheckMyDatabase")
        && !failure.is_one_of(&closed)
}

/// The timeouts of this login that may have cut off even the first question; all that this version is known to have. A server
/// that ends an idle session need not have sent its reason when the question arrives.
pub(super) fn too_short(error: &anyhow::Error, version: &str) -> &'static [&'static str] {
    const ALL: [&str; 5] = [
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "transaction_timeout",
    ];
    let words = format!("{error:#}");
    let number = version
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|major| major.parse().ok());
    let known = match number.unwrap_or(0) {
        17.. => &ALL[..],
        14..=16 => &ALL[..4],
        _ => &ALL[..3],
    };
    let cut_off = [
        "SQLSTATE 25P04",
        "SQLSTATE 57P05",
        "the connection to PostgreSQL was lost",
    ];
    if cut_off.iter().any(|cut| words.contains(cut)) {
        known
    } else if words.contains(SqlState::QUERY_CANCELED.code()) {
        &ALL[..3]
    } else {
        &[]
    }
}

pub(super) fn is_closed(failure: &Failure) -> bool {
    failure.is_one_of(&[
        SqlState::INSUFFICIENT_PRIVILEGE,
        SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        SqlState::TOO_MANY_CONNECTIONS,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_with_white_space_is_one_word() {
        let role = "data team\\x".parse().unwrap();
        assert_eq!(
            startup_options(Access::ReadOnly, None, &[], Some(&role)),
            "-c role=none -c search_path=pg_catalog,pg_temp -c default_transaction_read_only=on -c role=data\\ team\\\\x"
        );
        assert_eq!(
            startup_options(Access::ReadWrite, None, &["lock_timeout".to_owned()], None),
            "-c role=none -c search_path=pg_catalog,pg_temp -c lock_timeout=0"
        );
        assert_eq!(
            startup_options(
                Access::ReadOnly,
                Some("-c default_transaction_read_only=off"),
                &[],
                None
            ),
            "-c role=none -c default_transaction_read_only=off -c search_path=pg_catalog,pg_temp -c default_transaction_read_only=on",
            "what is given comes first, so ours holds"
        );
    }
}
