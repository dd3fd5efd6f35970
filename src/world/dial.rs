//! One connection to PostgreSQL, layer by layer, so that the layer that fails has a name.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Connection};

use crate::names::{HostName, Port};
use crate::secret::Secret;
use crate::settings::{Route, Tls};
use crate::world::failure::{Failure, Layer, chain, refused_login};
use crate::world::peer;
use crate::world::tls::{Attempt, connector, mode_name};
use crate::world::wire::Wire;

/// A login that takes longer than this is looked at from a second connection: perhaps it is no PostgreSQL at all.
const SUSPICIOUS_SILENCE: Duration = Duration::from_millis(1500);

/// Who logs in, where, and how.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) host: HostName,
    pub(crate) port: Port,
    pub(crate) user: String,
    pub(crate) password: Option<Secret>,
    pub(crate) database: String,
    pub(crate) tls: Tls,
    /// Startup options, such as `-c default_transaction_read_only=on`.
    pub(crate) options: Option<String>,
    pub(crate) timeout: Duration,
    /// Whether the server can be dialled from here a second time, to see what it is.
    pub(crate) route: Route,
}

/// A live connection.
pub(crate) struct Session {
    pub(crate) client: Client,
    /// `server_version` as announced at login; PgBouncer's console and some look-alikes give themselves away here.
    pub(crate) announced_version: String,
    /// Whether the connection is encrypted by TLS.
    pub(crate) encryption: Encryption,
    /// What the server said by the way with a code of ours: numbers of statements that met a lock.
    pub(crate) told: Told,
}

/// Filled while the connection is driven.
pub(crate) type Told = Arc<Mutex<Vec<String>>>;

/// Whether TLS is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// It is.
    Tls,
    /// It is not.
    None,
}

impl Login {
    /// `host:port` for messages.
    pub(crate) fn server(&self) -> String {
        if self.host.is_socket() {
            format!("{}/.s.PGSQL.{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Logs in, trying the attempts that the TLS mode allows. `open` makes a fresh wire for each.
pub(crate) async fn log_in<F>(login: &Login, mut open: impl FnMut() -> F) -> Result<Session, Failure>
where
    F: Future<Output = Result<Wire, Failure>>,
{
    if login.host.is_socket() {
        // A Unix socket never carries TLS (libpq ignores sslmode there); a tunnel's end does.
        return log_in_once(login, Attempt::Plain, open().await?).await;
    }
    let attempts = Attempt::of(login.tls.mode);
    let mut failures = Vec::new();
    for attempt in attempts {
        match log_in_once(login, *attempt, open().await?).await {
            Ok(session) => return Ok(session),
            Err(failure) => {
                let again = failure.layer == Layer::Tls || not_let_in(&failure);
                failures.push(failure);
                if !again {
                    break;
                }
            }
        }
    }
    let failure = telling(failures).unwrap_or_else(|| {
        Failure::new(
            Layer::Tls,
            format!("sslmode {} allows no attempt", mode_name(login.tls.mode)),
        )
    });
    if not_let_in(&failure)
        && let Some(other) = Attempt::left_out(login.tls.mode)
        && let Ok(wire) = open().await
        && is_let_in(login, other, wire).await
    {
        return Err(wants_the_other_way(login, other));
    }
    Err(failure)
}

/// No rule of `pg_hba.conf` lets this login in this way.
fn not_let_in(failure: &Failure) -> bool {
    failure.is(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// Of the failures of all attempts the one that tells most: an attempt that came as far as a password says more than one
/// that no rule let in; else the first.
fn telling(failures: Vec<Failure>) -> Option<Failure> {
    let further = failures
        .iter()
        .position(|failure| failure.layer > Layer::Tls && !not_let_in(failure))
        .unwrap_or(0);
    failures.into_iter().nth(further)
}

/// Whether the server would go on to ask for a password this way. Nothing secret is sent.
async fn is_let_in(login: &Login, attempt: Attempt, wire: Wire) -> bool {
    let login = Login {
        password: None,
        ..login.clone()
    };
    match log_in_once(&login, attempt, wire).await {
        Ok(_) => true,
        Err(failure) => failure.is(&SqlState::INVALID_PASSWORD),
    }
}

fn wants_the_other_way(login: &Login, other: Attempt) -> Failure {
    let (server, user, mode) = (login.server(), &login.user, mode_name(login.tls.mode));
    let (what, flag) = match other {
        Attempt::Plain => ("without TLS", "--no-ssl"),
        Attempt::Tls | Attempt::TlsIfOffered => ("with TLS", "--ssl"),
    };
    let mut failure = Failure::new(
        Layer::Tls,
        format!("{server} lets {user:?} in {what} only (a rule in pg_hba.conf says so), and sslmode {mode} rules that out"),
    )
    .advise(format!(
        "for the administrator's login: --sslmode prefer; for Stitch's: {flag}, and the same in Stitch's form; or change the rule"
    ));
    failure.state = Some(SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    failure
}

async fn log_in_once(login: &Login, attempt: Attempt, wire: Wire) -> Result<Session, Failure> {
    let server = login.server();
    let first_byte = wire.first_byte();
    let mut config = tokio_postgres::Config::new();
    config
        .user(&login.user)
        .dbname(&login.database)
        .application_name("stitch-pg")
        .ssl_mode(attempt.ssl_mode());
    if let Some(password) = &login.password {
        config.password(password.reveal());
    }
    if let Some(options) = &login.options {
        config.options(options);
    }
    let mut tls = connector(&login.tls).map_err(|error| Failure::new(Layer::Tls, format!("{error:#}")))?;
    let tls =
        <postgres_openssl::MakeTlsConnector as MakeTlsConnect<Wire>>::make_tls_connect(&mut tls, login.host.as_str())
            .map_err(|error| Failure::new(Layer::Tls, format!("cannot start TLS to {server}: {error}")))?;
    let mut handshake = pin!(timeout(login.timeout, config.connect_raw(wire, tls)));
    let connected = match timeout(SUSPICIOUS_SILENCE, &mut handshake).await {
        Ok(connected) => connected,
        Err(_) => match peer::identify(login, login.timeout).await {
            peer::Heard::Other(what) => return Err(not_postgres(&server, what)),
            _ => handshake.await,
        },
    };
    let Ok(connected) = connected else {
        return Err(Failure::new(
            Layer::Protocol,
            format!(
                "{server} accepts connections but did not answer within {} s",
                login.timeout.as_secs()
            ),
        )
        .advise("a proxy or firewall may hold the connection, or the server hangs; raise --timeout to wait longer"));
    };
    match connected {
        Ok((client, connection)) => {
            let announced_version = connection.parameter("server_version").unwrap_or_default().to_owned();
            let encryption = if attempt != Attempt::Plain && first_byte.is(b'S') {
                Encryption::Tls
            } else {
                Encryption::None
            };
            let told = Told::default();
            tokio::spawn(drive(connection, Arc::clone(&told)));
            Ok(Session {
                client,
                announced_version,
                encryption,
                told,
            })
        }
        Err(error) => Err(classify(login, &server, &error).await),
    }
}

async fn drive<S>(mut connection: Connection<Wire, S>, told: Told)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // An error here reaches the client as a closed connection at its next question, with its cause.
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.code().code() == crate::sql::BUSY
        {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(notice.message().to_owned());
        }
    }
}

fn not_postgres(server: &str, what: &str) -> Failure {
    Failure::new(
        Layer::Protocol,
        format!("{server} is not a PostgreSQL server: it answers like {what}"),
    )
    .advise("check --host and --port; PostgreSQL's own port is 5432 unless it was changed")
}

async fn classify(login: &Login, server: &str, error: &tokio_postgres::Error) -> Failure {
    if let Some(db) = error.as_db_error() {
        return refused_login(db, &login.user, &login.database, server);
    }
    let text = chain(error);
    if text.contains("password missing") {
        let mut failure = Failure::new(
            Layer::Authentication,
            format!("{server} wants a password for {:?} and none was given", login.user),
        )
        .advise("set PGPASSWORD, or give --admin-password-file FILE, or add a line to ~/.pgpass");
        failure.state = Some(SqlState::INVALID_PASSWORD);
        return failure;
    }
    if text.contains("unsupported authentication method") {
        return Failure::new(Layer::Authentication, format!("{server} wants a login method for {:?} that needs more than a password (GSS, SSPI, LDAP ticket or a certificate): {text}", login.user))
            .advise("use a login whose pg_hba.conf method is scram-sha-256");
    }
    match peer::identify(login, login.timeout).await {
        peer::Heard::Other(what) => not_postgres(server, what),
        peer::Heard::PostgresWithoutTls if text.contains("does not support TLS") => {
            Failure::new(Layer::Tls, format!("{server} does not offer TLS, and sslmode {} demands it", mode_name(login.tls.mode)))
                .advise("switch TLS on in the server (ssl = on with a certificate), or use --sslmode prefer")
        }
        peer::Heard::PostgresWithTls if text.contains("TLS") || text.contains("certificate") || text.contains("SSL") => {
            Failure::new(Layer::Tls, format!("TLS with {server} failed: {text}"))
                .advise("give the right authority with --sslrootcert, and the name that is in the certificate with --host; sslmode require skips the check")
        }
        _ => Failure::new(Layer::Protocol, format!("{server} ended the connection before the login was done: {text}"))
            .advise("the server may be restarting, or a proxy or firewall cut it; try again, then read the server's log"),
    }
}
