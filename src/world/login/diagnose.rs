//! Which layer ended a login, and why: by what was seen on the wire and by the server's SQLSTATE.

use tokio_postgres::error::SqlState;

use super::admin_login::AdminLogin;
use super::guards::{unbound, unwanted};
use super::stages::below_tls;
use crate::finding::Code;
use crate::settings::ChannelBinding;
use crate::world::certificate::Fault;
use crate::world::detect_protocol;
use crate::world::failure::{Failure, Layer, Stage, chain};
use crate::world::login_observer::guard::AuthRequest;
use crate::world::login_observer::limits::LimitExceeded;
use crate::world::login_observer::trace::LoginTrace;
use crate::world::open::RESET;
use crate::world::server_error::Refused;
use crate::world::tls::mode_name;

pub(super) fn not_postgres(login: &AdminLogin, what: &str) -> Failure {
    let (server, by) = (login.server(), &login.given_by);
    Failure::new(
        Layer::Protocol,
        Code::LoginNotPostgres,
        format!("{server} is not a PostgreSQL server: it answers like {what}"),
    )
    .advise(format!(
        "check {} and {}; PostgreSQL's own port is 5432 unless it was changed",
        by.host, by.port
    ))
}

/// Nothing more came in time: at which layer, by what had been said until then.
pub(super) fn silent(login: &AdminLogin, seen: &LoginTrace, passed: Vec<Stage>) -> Failure {
    let server = login.server();
    let (layer, what) = if seen.authenticated.is_some() {
        (Layer::Database, "found the login right and did not open the database")
    } else if seen.method.is_some() || seen.encrypted.is_some() {
        (Layer::Authentication, "answered and did not finish the login")
    } else if seen.first_byte == Some(b'S') {
        (Layer::Tls, "said yes to TLS and did not finish the handshake")
    } else {
        (Layer::Protocol, "accepts connections but did not answer")
    };
    let text = format!("{server} {what} within {} s", login.timeout.as_secs());
    Failure::new(layer, Code::LoginNoAnswer, text)
        .advise("a proxy or firewall may hold the connection, or the server hangs; raise --timeout to wait longer")
        .behind(passed.into_iter().filter(|stage| stage.layer < layer).collect())
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
            user: &login.user,
            database: &login.database,
            host: login.host.as_str(),
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
                "set scram_iterations to 4096 in PostgreSQL and set the password again; if that is not the number there, find \
                 out who answers at this address",
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
        let mut failure = Failure::new(
            Layer::Authentication,
            Code::LoginPassword,
            format!("{server} wants a password for {:?} and none was given", login.user),
        )
        .advise("set PGPASSWORD, or give --admin-password-file FILE, or add a line to ~/.pgpass");
        failure.state = Some(SqlState::INVALID_PASSWORD);
        return failure.behind(passed);
    }
    if seen.method == Some(AuthRequest::Other) {
        return Failure::new(Layer::Authentication, Code::LoginMethod, format!("{server} wants a login method for {:?} that needs more than a password (GSS, SSPI, LDAP ticket or a certificate): {text}", login.user))
            .advise("use a login whose pg_hba.conf method is scram-sha-256")
            .behind(passed);
    }
    match seen.first_byte {
        // PostgreSQL's own answer to the wish for TLS.
        Some(b'N') if seen.encrypted.is_none() && seen.method.is_none() && login.tls.mode.demands() => {
            return Failure::new(Layer::Tls, Code::LoginTlsNotOffered, format!("{server} does not offer TLS, and sslmode {} demands it", mode_name(login.tls.mode)))
                .advise("switch TLS on in the server (ssl = on with a certificate), or use --sslmode prefer (for Stitch's login --no-ssl)")
                .behind(passed);
        }
        // "SSH-2.0" begins with the same letter as "yes".
        Some(b'S') if seen.encrypted.is_none() => {
            if seen.certificate.is_none()
                && let detect_protocol::DetectedProtocol::Other(what) =
                    detect_protocol::identify(login, login.timeout).await
            {
                return not_postgres(login, what).behind(below(passed));
            }
            // Through a tunnel nobody is asked a second time; but what followed the "yes" was no TLS.
            if seen.certificate.is_none() && text.contains("wrong version number") {
                return not_postgres(login, "an SSH server, whose greeting begins like a yes to TLS")
                    .behind(below(passed));
            }
            return untrusted(login, seen, &text).behind(below_tls(passed));
        }
        _ => {}
    }
    let below = below(passed);
    match detect_protocol::identify(login, login.timeout).await {
        detect_protocol::DetectedProtocol::Other(what) => not_postgres(login, what).behind(below),
        _ if is_reset(error) && seen.first_byte.is_none() => Failure::new(
            Layer::Tcp,
            Code::LoginTcpReset,
            format!("{server} accepts the connection and resets it at once: {text}"),
        )
        .advise(RESET)
        .behind(below.into_iter().filter(|stage| stage.layer < Layer::Tcp).collect()),
        _ => Failure::new(
            Layer::Protocol,
            Code::LoginConnectionLost,
            format!("{server} ended the connection before the login was done: {text}"),
        )
        .advise("the server may be restarting, or a proxy or firewall cut it; try again, then read the server's log")
        .behind(below),
    }
}

/// The owner of the Unix socket, where this process runs as somebody else and no password was asked for.
fn socket_owner(login: &AdminLogin) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(login.server()).ok()?.uid();
    let user = (login.host.is_socket() && owner != rustix::process::geteuid().as_raw()).then_some(owner)?;
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
    })
}

/// What was passed below the protocol.
fn below(mut passed: Vec<Stage>) -> Vec<Stage> {
    passed.retain(|stage| stage.layer < Layer::Protocol);
    passed
}

fn is_reset(error: &tokio_postgres::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return matches!(
                io.kind(),
                std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe
            );
        }
        cause = error.source();
    }
    false
}

/// A TLS handshake that did not come about, by what was found wrong with the certificate.
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
            format!("the certificate of {server} is not vouched for by the authority that was given"),
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
            "do not log in there before its owner has explained it; the server needs a new certificate".to_owned(),
        ),
        Some(Fault::Unlisted) => (
            Code::LoginTlsRevoked,
            format!("whether the certificate of {server} is revoked cannot be seen: sslcrl or sslcrldir holds no current list of its authority"),
            "give the current list of every authority in the chain".to_owned(),
        ),
        _ => (
            Code::LoginTlsFailed,
            format!("TLS with {server} failed"),
            "a proxy between may not pass TLS on, or the two have no version or cipher in common; the server's log has its half"
                .to_owned(),
        ),
    };
    Failure::new(Layer::Tls, code, format!("{told} ({text})")).advise(advice)
}
