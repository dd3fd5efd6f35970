//! Which layer ended a login, and why: by what was seen on the wire and by the server's SQLSTATE.

use std::io;

use tokio_postgres::error::SqlState;

use super::admin_login::AdminLogin;
use super::guards::{unbound, unwanted};
use super::session::below;
use crate::finding::Code;
use crate::settings::ChannelBinding;
use crate::settings::local_users::{accounts, passwd};
use crate::world::certificate::Fault;
use crate::world::detect_protocol::foreign_protocol;
use crate::world::failure::{Failure, Layer, Stage, chain};
use crate::world::login_observer::guard::AuthRequest;
use crate::world::login_observer::limits::LimitExceeded;
use crate::world::login_observer::trace::LoginTrace;
use crate::world::open::RESET;
use crate::world::server_error::Refused;

pub(super) fn not_postgres(login: &AdminLogin, what: &str) -> Failure {
    let (server, by) = (login.server(), &login.given_by);
    let text = format!("{server} is not a PostgreSQL server: it answers like {what}");
    let advice = format!(
        "check {} and {}; PostgreSQL's own port is 5432 unless it was changed",
        by.host, by.port
    );
    Failure::new(Layer::Protocol, Code::LoginNotPostgres, text).advise(advice)
}

/// Nothing more came in time: at which layer, by what had been said until then.
pub(super) fn silent(login: &AdminLogin, seen: &LoginTrace, passed: Vec<Stage>) -> Failure {
    let server = login.server();
    let (layer, what) = if seen.authenticated.is_some() {
        (Layer::Database, "accepted the login but did not open the database")
    } else if seen.method.is_some() || seen.encrypted.is_some() {
        (Layer::Authentication, "answered but did not finish the login")
    } else if seen.first_byte == Some(b'S') {
        (Layer::Tls, "accepted TLS but did not finish the handshake")
    } else {
        (Layer::Protocol, "accepts connections but did not answer")
    };
    let text = format!("{server} {what} within {} s", login.timeout.as_secs());
    Failure::new(layer, Code::LoginNoAnswer, text)
        .advise("a proxy or firewall may hold the connection, or the server hangs; raise --timeout to wait longer")
        .behind(below(layer, passed))
}

/// The failure behind an error.
pub(super) async fn classify(
    login: &AdminLogin,
    seen: &LoginTrace,
    passed: Vec<Stage>,
    error: &tokio_postgres::Error,
) -> Failure {
    let server = login.server();
    if let Some(db) = error.as_db_error() {
        return Refused {
            error: db,
            login,
            server: &server,
            method: seen.method,
            socket_owner: socket_owner(login),
            passed,
        }
        .failure();
    }
    if let Some(asked) = seen.unwanted {
        return unwanted(login, asked).behind(passed);
    }
    if let Some(excess @ LimitExceeded::Rounds(_)) = LimitExceeded::behind(error) {
        let text = format!("{server}: {excess} (login of {:?})", login.user);
        return Failure::new(Layer::Authentication, Code::LoginIterations, text)
            .advise(
                "set scram_iterations to 4096 in PostgreSQL and set the password again; if the server does not use that number, find out which device answers at this address",
            )
            .behind(passed);
    }
    let text = chain(error);
    // tokio-postgres has no code for it; the text is its own.
    if login.rules.channel_binding == ChannelBinding::Require && text.contains("did not use channel binding") {
        return unbound(login).behind(passed);
    }
    if login.password.is_none()
        && seen.authenticated.is_none()
        && seen.method.is_some_and(AuthRequest::takes_a_password)
    {
        let text = format!("{server} requires a password for {:?}, and none was given", login.user);
        let advice = "set PGPASSWORD, or give --admin-password-file FILE, or add a line to ~/.pgpass";
        let failure = Failure::new(Layer::Authentication, Code::LoginPassword, text).advise(advice);
        return Failure {
            state: Some(SqlState::INVALID_PASSWORD),
            ..failure.behind(passed)
        };
    }
    if seen.method == Some(AuthRequest::Other) {
        return Failure::new(Layer::Authentication, Code::LoginMethod, format!("{server} requires a login method for {:?} that needs more than a password (GSS, SSPI, LDAP ticket or a certificate): {text}", login.user))
            .advise("use a login whose pg_hba.conf method is scram-sha-256")
            .behind(passed);
    }
    match seen.first_byte {
        // PostgreSQL's own answer to the wish for TLS.
        Some(b'N') if seen.encrypted.is_none() && seen.method.is_none() && login.tls.mode.demands() => {
            return Failure::new(Layer::Tls, Code::LoginTlsNotOffered, format!("{server} does not offer TLS, but sslmode {} requires it", login.tls.mode.as_str()))
                .advise("turn on TLS in the server (ssl = on with a certificate), or use --sslmode prefer (for Stitch's login --no-ssl)")
                .behind(passed);
        }
        // "SSH-2.0" begins with the same letter as "yes".
        Some(b'S') if seen.encrypted.is_none() => {
            if seen.certificate.is_none() {
                // Through a tunnel no second connection is made; but what followed the "yes" was no TLS.
                let no_tls = text.contains("wrong version number");
                let what = foreign_protocol(login, login.timeout).await;
                if let Some(what) = what.or(no_tls.then_some("an SSH server, whose first byte means yes to TLS")) {
                    return not_postgres(login, what).behind(below(Layer::Protocol, passed));
                }
            }
            return untrusted(login, seen, &text).behind(below(Layer::Tls, passed));
        }
        _ => {}
    }
    let passed = below(Layer::Protocol, passed);
    if let Some(what) = foreign_protocol(login, login.timeout).await {
        return not_postgres(login, what).behind(passed);
    }
    if is_reset(error) && seen.first_byte.is_none() {
        let text = format!("{server} accepts the connection and resets it at once: {text}");
        return Failure::new(Layer::Tcp, Code::LoginTcpReset, text)
            .advise(RESET)
            .behind(below(Layer::Tcp, passed));
    }
    let text = format!("{server} closed the connection before the login was complete: {text}");
    Failure::new(Layer::Protocol, Code::LoginConnectionLost, text)
        .advise("the server may be restarting, or a proxy or firewall closed it; try again, then read the server's log")
        .behind(passed)
}

/// The owner of the Unix socket, where this process runs as another user and no password was asked for.
fn socket_owner(login: &AdminLogin) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(login.server()).ok()?.uid();
    let user = (login.host.is_socket() && owner != rustix::process::geteuid().as_raw()).then_some(owner)?;
    accounts(&passwd()).find_map(|(name, number, _)| (number == user).then(|| name.to_owned()))
}

fn is_reset(error: &tokio_postgres::Error) -> bool {
    let mut causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let io = causes.find_map(|error| error.downcast_ref::<io::Error>());
    io.is_some_and(|io| matches!(io.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe))
}

fn untrusted(login: &AdminLogin, seen: &LoginTrace, text: &str) -> Failure {
    let server = login.server();
    let examined = seen.certificate.clone().unwrap_or_default();
    let names = examined.names.join(", ");
    let (code, told, advice) = match examined.faults.last() {
        Some(Fault::Expired) => (
            Code::LoginTlsExpired,
            format!("the certificate of {server} has expired or is not valid yet: it ends {}", examined.ends),
            "give the server a new certificate and reload it".to_owned(),
        ),
        Some(Fault::Authority) => (
            Code::LoginTlsChain,
            format!("the certificate of {server} is not signed by the given certificate authority"),
            "give the authority that signed it: --sslrootcert for the administrator's login, --stitch-ca for Stitch's form"
                .to_owned(),
        ),
        Some(Fault::Name) => (
            Code::CaName,
            format!("the certificate of {server} is for another name: it is for {names}"),
            format!(
                "give the name that is in the certificate with {}, or a certificate with this name to the server",
                login.given_by.host
            ),
        ),
        Some(Fault::Revoked) => (
            Code::LoginTlsRevoked,
            format!("the certificate of {server}, or one above it, has been revoked (sslcrl, sslcrldir)"),
            "do not log in there before you have asked its owner; the server needs a new certificate".to_owned(),
        ),
        Some(Fault::Unlisted) => (
            Code::LoginTlsRevoked,
            format!("whether the certificate of {server} is revoked cannot be checked: sslcrl or sslcrldir has no current list of its authority"),
            "give the current list of every authority in the chain".to_owned(),
        ),
        _ => (
            Code::LoginTlsFailed,
            format!("TLS with {server} failed"),
            "a proxy may not pass TLS through, or there is no common version or cipher; check the server's log"
                .to_owned(),
        ),
    };
    Failure::new(Layer::Tls, code, format!("{told} ({text})")).advise(advice)
}
