//! One connection to PostgreSQL, layer by layer, so that the layer that fails has a name.

mod admin_login;
mod diagnose;
mod guards;
mod session;

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;
use tokio_postgres::error::SqlState;

use crate::finding::Code;
use crate::server::Encryption;
use crate::world::detect_protocol::foreign_protocol;
use crate::world::failure::{Failure, Layer, Stage};
use crate::world::login_observer::guard::AuthRequest;
use crate::world::login_observer::observed_tls::{ObservedTls, StartTls};
use crate::world::login_observer::trace::Begins;
use crate::world::tls::{Attempt, connector};
use crate::world::wire::Wire;
pub(crate) use admin_login::AdminLogin;
use diagnose::{classify, not_postgres, silent};
use session::{CutOff, drive};
pub(crate) use session::{Offer, Session, Told};
use session::{below, passed};

/// A login that takes longer than this is checked from a second connection: perhaps the server is not PostgreSQL.
const SUSPICIOUS_SILENCE: Duration = Duration::from_millis(1500);

/// Logs in, trying the attempts that the TLS mode allows. `open` makes a fresh wire for each.
pub(crate) async fn log_in<F>(login: &AdminLogin, mut open: impl FnMut() -> F) -> Result<Session, Failure>
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
            Ok(mut session) => {
                // Where TLS was asked for first, what became of it is worth reporting.
                session.lost_tls = failures
                    .into_iter()
                    .find(|failure: &Failure| failure.layer == Layer::Tls && !not_let_in(failure))
                    .filter(|_| session.encryption == Encryption::None)
                    .map(|failure| failure.text);
                return Ok(session);
            }
            Err(failure) => {
                let again = failure.layer == Layer::Tls || not_let_in(&failure);
                failures.push(failure);
                if !again {
                    break;
                }
            }
        }
    }
    let failure = most_telling(failures).unwrap_or_else(|| {
        Failure::new(
            Layer::Tls,
            Code::LoginTlsFailed,
            format!("sslmode {} allows no attempt", login.tls.mode.as_str()),
        )
    });
    let Some(other) = Attempt::left_out(login.tls.mode).filter(|_| not_let_in(&failure)) else {
        return Err(failure);
    };
    if let Ok(wire) = open().await {
        if try_other_encryption(login, other, wire).await == Other::LetIn {
            return Err(other_encryption_works(login, other).behind(below(Layer::Tls, failure.passed)));
        }
    }
    Err(failure)
}

/// No rule of `pg_hba.conf` lets this login in this way.
fn not_let_in(failure: &Failure) -> bool {
    failure.is(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// Of the failures of all attempts the most useful one: an attempt that came as far as a password says more than one that no rule
/// let in; else the first.
fn most_telling(failures: Vec<Failure>) -> Option<Failure> {
    let further = failures
        .iter()
        .position(|failure| failure.layer > Layer::Tls && !not_let_in(failure))
        .unwrap_or(0);
    failures.into_iter().nth(further)
}

/// What a login the other way comes to, without a password: nothing secret is sent.
pub(crate) async fn try_other_encryption(login: &AdminLogin, attempt: Attempt, wire: Wire) -> Other {
    let login = AdminLogin {
        password: None,
        ..login.clone()
    };
    match log_in_once(&login, attempt, wire).await {
        // It was asked for, and not given, like any other password here.
        Err(failure) if failure.code == Code::LoginClearText => Other::LetIn,
        Ok(_) => Other::LetIn,
        Err(failure) if failure.is(&SqlState::INVALID_PASSWORD) => Other::LetIn,
        Err(failure) if failure.code == Code::LoginTlsNotOffered => Other::NotOffered,
        Err(failure) if not_let_in(&failure) => Other::Refused,
        Err(_) => Other::Untold,
    }
}

/// What a login with TLS instead of without, or the other way round, came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    /// The server goes on to ask for the password.
    LetIn,
    /// No rule lets it in this way.
    Refused,
    /// The server has no TLS.
    NotOffered,
    /// Something else happened.
    Untold,
}

fn other_encryption_works(login: &AdminLogin, other: Attempt) -> Failure {
    let (server, user, mode) = (login.server(), &login.user, login.tls.mode.as_str());
    let (what, flag, code) = match other {
        Attempt::Plain => ("without TLS", "--no-ssl", Code::LoginTlsUnwanted),
        Attempt::Tls | Attempt::TlsIfOffered => ("with TLS", "--ssl", Code::LoginTlsRequired),
    };
    let text =
        format!("{server} allows {user:?} only {what} (by a rule in pg_hba.conf), but sslmode {mode} excludes that");
    let advice = format!(
        "for the administrator's login: --sslmode prefer; for Stitch's: {flag}, and the same in Stitch's form; or change the rule"
    );
    Failure {
        state: Some(SqlState::INVALID_AUTHORIZATION_SPECIFICATION),
        ..Failure::new(Layer::Tls, code, text).advise(advice)
    }
}

async fn log_in_once(login: &AdminLogin, attempt: Attempt, wire: Wire) -> Result<Session, Failure> {
    let exposed = !wire.is_private;
    let (tap, peer, stages) = (wire.tap(), wire.peer, wire.stages.clone());
    if let Some(failure) = guards::wrong_server_user(login, &wire) {
        return Err(failure.behind(stages));
    }
    let begins = guards::expect(login, attempt, &wire);
    let mut config = tokio_postgres::Config::new();
    config
        .user(&login.user)
        .dbname(&login.database)
        .application_name(login.rules.application_name.as_deref().unwrap_or("stitch-pg"))
        .channel_binding(guards::channel_binding(login.rules.channel_binding))
        .ssl_mode(attempt.ssl_mode());
    if begins == Begins::Tls {
        config.ssl_negotiation(tokio_postgres::config::SslNegotiation::Direct);
    }
    if let Some(password) = &login.password {
        config.password(password.reveal());
    }
    if let Some(options) = &login.options {
        config.options(options);
    }
    let unusable = |text: String| Failure::new(Layer::Tls, Code::LoginTlsFailed, text).behind(stages.clone());
    let start = match attempt {
        Attempt::Plain => None,
        // As libpq does, nothing is read for TLS before the server offers it. Files that the user named are read first, so
        // that what is wrong with them is reported.
        Attempt::TlsIfOffered if login.tls.certificate.is_none() => {
            let (tls, host, tap) = (login.tls.clone(), login.host.clone(), tap.clone());
            Some(Box::new(move || connector(&tls, host.as_str(), &tap)) as StartTls)
        }
        Attempt::TlsIfOffered | Attempt::Tls => {
            let tls = connector(&login.tls, login.host.as_str(), &tap);
            let tls = tls.map_err(|error| unusable(format!("{error:#}")))?;
            Some(Box::new(move || Ok(tls)) as StartTls)
        }
    };
    let observed = tap.clone();
    let tls = ObservedTls { start, tap: observed };
    let began = Instant::now();
    let mut handshake = pin!(timeout(login.timeout, config.connect_raw(wire, tls)));
    let connected = match timeout(SUSPICIOUS_SILENCE, &mut handshake).await {
        Ok(connected) => connected,
        Err(_) => match foreign_protocol(login, login.timeout).await {
            Some(what) => return Err(not_postgres(login, what).behind(stages)),
            None => handshake.await,
        },
    };
    let seen = tap.seen();
    let passed = passed(stages, &seen, began);
    let Ok(connected) = connected else {
        return Err(silent(login, &seen, passed));
    };
    match connected {
        Ok((client, connection)) => {
            let announced_version = connection.parameter("server_version").unwrap_or_default().to_owned();
            let (told, cut_off) = (Told::default(), CutOff::default());
            tokio::spawn(drive(connection, Arc::clone(&told), Arc::clone(&cut_off)));
            let mut stages = passed;
            let since = seen.authenticated.unwrap_or(began);
            stages.push(Stage::passed(
                Layer::Database,
                since,
                format!("{:?} opens", login.database),
            ));
            Ok(Session {
                client,
                announced_version,
                encryption: if seen.encrypted.is_some() {
                    Encryption::Tls
                } else {
                    Encryption::None
                },
                role: login.role.clone(),
                limit: login.answer_limit,
                told,
                cut_off,
                stages,
                process: seen.process,
                lost_tls: None,
                peer,
                tap,
                exposed_md5: exposed && seen.encrypted.is_none() && seen.method == Some(AuthRequest::Md5),
                certificate: seen.certificate,
                offer: match seen.first_byte {
                    Some(b'S') => Offer::Given,
                    Some(b'N') => Offer::Refused,
                    _ => Offer::NotAsked,
                },
            })
        }
        Err(error) => Err(classify(login, &seen, passed, &error).await),
    }
}
