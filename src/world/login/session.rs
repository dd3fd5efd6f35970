//! A connection that stands, the layers that it passed, and what is heard on it by the way.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, Client, Connection};

use crate::server::Encryption;
use crate::world::certificate::Examined;
use crate::world::failure::{Layer, Stage, cut_off, explain, raised_in, shown};
use crate::world::login_observer::guard::AuthRequest;
use crate::world::login_observer::limits::LimitExceeded;
use crate::world::login_observer::trace::{LoginObserver, LoginTrace};
use crate::world::wire::Wire;

/// What the server said to the wish for TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Given,
    Refused,
    /// It was not asked.
    NotAsked,
}

pub(crate) struct Session {
    pub(in crate::world) client: Client,
    /// `server_version` as announced at login; PgBouncer's console and some look-alikes give themselves away here.
    pub(crate) announced_version: String,
    /// Whether the connection is encrypted by TLS.
    pub(crate) encryption: Encryption,
    /// The role that each call acts as.
    pub(in crate::world) role: Option<String>,
    /// How long an answer may take.
    pub(in crate::world) limit: Duration,
    /// What the server said by the way with a code of ours.
    pub(crate) told: Told,
    /// Why it was given up, when it was by us: the client itself says only that it is closed.
    pub(super) cut_off: CutOff,
    /// The layers that were passed.
    pub(crate) stages: Vec<Stage>,
    /// The server's process as reported at login; a pooler reports a number of its own.
    pub(crate) process: Option<i32>,
    /// What was made of the server's certificate.
    pub(crate) certificate: Option<Examined>,
    /// Whether TLS was asked for and not to be had.
    pub(crate) offer: Offer,
    /// Why the login with TLS, which was tried first, failed.
    pub(crate) lost_tls: Option<String>,
    /// Who was connected to, where that was not through a tunnel or a Unix socket.
    pub(crate) peer: Option<SocketAddr>,
    /// What listens, and answers a `COPY … FROM STDIN` among the statements.
    pub(in crate::world) tap: LoginObserver,
    /// A hash of the password went over a network where others could read it.
    pub(crate) exposed_md5: bool,
}

/// As many statements are under way at once at most, by far.
const MOST_TOLD: usize = 100_000;

/// A statement of a block that failed and did not end the block.
pub(crate) struct Refused {
    pub(crate) number: usize,
    /// Another session held a lock on what it is about; else something that it names is not there, by the error's code.
    pub(crate) busy: bool,
    /// The server's words.
    pub(crate) words: String,
}

impl Refused {
    fn heard(notice: &DbError) -> Option<Self> {
        let busy = match notice.code().code() {
            crate::sql::BUSY => true,
            crate::sql::GONE => false,
            _ => return None,
        };
        let (said, context) = notice.detail()?.split_once('\n')?;
        Some(Self {
            number: notice.message().parse().ok()?,
            busy,
            words: format!("the server reports: {}{}", shown(said), raised_in(context)),
        })
    }
}

/// Filled while the connection is driven.
pub(crate) type Told = Arc<Mutex<Vec<Refused>>>;
pub(super) type CutOff = Arc<OnceLock<LimitExceeded>>;

impl Session {
    /// Why it has no TLS, where TLS was asked for and could have been had: a machine in between may have removed it. `server_has`:
    /// the server's own setting `ssl`.
    pub(crate) fn tls_lost(&self, server_has: Option<bool>) -> Option<String> {
        match (&self.lost_tls, self.offer, server_has) {
            (Some(why), ..) => Some(format!("the login with TLS failed first ({why})")),
            (None, Offer::Refused, Some(true)) => Some(
                "the answer to the TLS request was no, but the server's setting ssl is on: a pooler, a proxy or an attacker answered for it"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// An error while running a statement here.
    pub(crate) fn explain(&self, error: &tokio_postgres::Error) -> anyhow::Error {
        match self.cut_off.get() {
            Some(excess) if error.is_closed() => cut_off(excess),
            _ => explain(error),
        }
    }
}

/// Hears everything until the connection ends.
pub(super) async fn drive<S>(mut connection: Connection<Wire, S>, told: Told, cut_off: CutOff)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notice(notice)) => {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                if told.len() < MOST_TOLD {
                    told.extend(Refused::heard(&notice));
                }
            }
            Ok(_) => {}
            // It reaches the client as a closed connection at its next answer, without its cause: that is noted first.
            Err(error) => {
                if let Some(excess) = LimitExceeded::behind(&error) {
                    let _ = cut_off.set(excess);
                }
                break;
            }
        }
    }
}

/// What was passed below TLS.
pub(super) fn below(layer: Layer, mut passed: Vec<Stage>) -> Vec<Stage> {
    passed.retain(|stage| stage.layer < layer);
    passed
}

/// Those above the wire, in order, behind those below it.
pub(super) fn passed(mut stages: Vec<Stage>, seen: &LoginTrace, began: Instant) -> Vec<Stage> {
    let mut since = began;
    let marks = [
        (Layer::Protocol, seen.answered, "PostgreSQL answers".to_owned()),
        (Layer::Tls, seen.encrypted, encrypted(seen.certificate.as_ref())),
        (Layer::Authentication, seen.authenticated, convinced(seen.method)),
    ];
    for (layer, mark, text) in marks {
        if let Some(at) = mark {
            let elapsed = at.saturating_duration_since(since);
            stages.push(Stage { layer, elapsed, text });
            since = at;
        }
    }
    stages
}

fn encrypted(certificate: Option<&Examined>) -> String {
    match certificate {
        Some(examined) if !examined.names.is_empty() => format!(
            "the connection is encrypted; the certificate is for {}, until {}",
            examined.names.join(", "),
            examined.ends
        ),
        _ => "the connection is encrypted".to_owned(),
    }
}

fn convinced(method: Option<AuthRequest>) -> String {
    match method {
        Some(AuthRequest::Scram) => "the password is correct (SCRAM)".to_owned(),
        Some(AuthRequest::Md5) => "the password is correct (md5)".to_owned(),
        Some(AuthRequest::ClearText) => "the password is correct (sent as clear text)".to_owned(),
        _ => "no password was asked for".to_owned(),
    }
}
