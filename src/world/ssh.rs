//! An SSH login of the admin's: connected, the host key checked before anything is proved to the server, logged in.
//! Every libssh2 call that waits has a time limit; all of them run on threads that may wait.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use ssh2::{ErrorCode, Session};

use crate::ask::Asker;
use crate::secret::Secret;
use crate::settings::SshTarget;
use crate::world::open::MOST_ADDRESSES;

pub(crate) mod capability;
pub(super) mod errors;
pub(crate) mod exec;
mod host_key;
mod key_file;
pub(crate) mod layer;
mod login;
mod relay;
pub(super) mod wait;

use layer::At as _;
pub(crate) use layer::SshLayer;
pub(super) use relay::SPARE;
use relay::{Bounds, Peer};

/// One session, logged in.
#[derive(Clone)]
pub(crate) struct Ssh {
    session: Session,
    /// The session's own socket, to wait on.
    socket: Arc<OwnedFd>,
    bounds: Bounds,
    door: Arc<SshEndpoint>,
    proof: login::Credential,
}

/// What is needed to log in once more.
#[derive(Clone)]
struct SshEndpoint {
    target: SshTarget,
    /// The login on the server before it, if it is reached through one.
    through: Option<Ssh>,
    /// Where it is dialled when it is not.
    addresses: Vec<SocketAddr>,
    timeout: Duration,
    asker: Asker,
}

impl Ssh {
    /// Connects, checks the host key, logs in; on every server on the way first.
    pub(crate) async fn connect(target: &SshTarget, timeout: Duration, asker: &Asker) -> Result<Self> {
        let mut through: Option<Self> = None;
        for hop in target.jumps.iter().chain([target]) {
            let way = match &through {
                Some(before) => format!(", through {}", before.name()),
                None => String::new(),
            };
            let addresses = match &through {
                Some(_) => Vec::new(),
                None => resolve(hop, timeout).await?,
            };
            let door = SshEndpoint {
                target: hop.clone(),
                through,
                addresses,
                timeout,
                asker: asker.clone(),
            };
            let entered = Self::enter(Arc::new(door), None).await;
            through = Some(if way.is_empty() {
                entered?
            } else {
                entered.with_context(|| format!("on the way to {target}{way}"))?
            });
        }
        through.context("there is no server to log in to")
    }

    /// A connection to the next server on the way. Boxed, since that one may carry another in turn.
    async fn carry(&self, next: &SshTarget) -> Result<OwnedFd> {
        let stream = Box::pin(self.forward(next.host.as_str(), next.port.number())).await?;
        Ok(stream.into_std().context("cannot use the socket")?.into())
    }

    /// A second session beside this one, without asking anybody again.
    pub(super) async fn another(&self) -> Result<Self> {
        Self::enter(Arc::clone(&self.door), Some(self.proof.clone())).await
    }

    /// A login as somebody else on the same server, with a key of our own.
    pub(super) async fn as_user(&self, user: &str, pem: &Secret) -> Result<Self> {
        let mut door = SshEndpoint::clone(&self.door);
        user.clone_into(&mut door.target.user);
        Self::enter(Arc::new(door), Some(login::Credential::key(pem))).await
    }

    /// The same on a server whose host key need not be known: this machine.
    pub(super) async fn connect_with_key(
        target: &SshTarget,
        timeout: Duration,
        user: &str,
        pem: &Secret,
    ) -> Result<Self> {
        let mut door = SshEndpoint::of_any_key(target, timeout).await?;
        user.clone_into(&mut door.target.user);
        Self::enter(Arc::new(door), Some(login::Credential::key(pem))).await
    }

    /// The fingerprint of the server's host key.
    pub(super) fn host_key(&self) -> Option<String> {
        self.session.host_key().map(|(key, _)| host_key::fingerprint(key))
    }

    /// What the server called itself.
    pub(super) fn greeting(&self) -> String {
        self.session.banner().unwrap_or_default().to_owned()
    }

    /// The same of a server nobody is logged in to.
    pub(super) async fn greeting_of(target: &SshTarget, timeout: Duration) -> Result<String> {
        let door = SshEndpoint::of_any_key(target, timeout).await?;
        tokio::task::spawn_blocking(move || {
            let (session, _) = door.open(None, &Bounds::default())?;
            Ok(session.banner().unwrap_or_default().to_owned())
        })
        .await
        .context("the SSH thread ended")?
    }

    async fn enter(door: Arc<SshEndpoint>, proof: Option<login::Credential>) -> Result<Self> {
        let name = door.target.to_string();
        let forwarded = match &door.through {
            Some(before) => Some(
                before
                    .carry(&door.target)
                    .await
                    .with_context(|| format!("cannot reach the SSH server {name}"))?,
            ),
            None => None,
        };
        let bounds = Bounds::default();
        let inside = bounds.clone();
        let entering = tokio::task::spawn_blocking(move || {
            let bounds = inside;
            let (session, socket) = door.open(forwarded, &bounds)?;
            bounds.pause();
            host_key::check(&session, &door.target, &door.asker).at(SshLayer::HostKey)?;
            let proof = match proof {
                Some(proof) => {
                    bounds.begin(door.timeout, relay::LOGIN);
                    proof.repeat(&session, &door.target)
                }
                None => login::log_in(&session, &door.target, &door.asker, (&bounds, door.timeout)),
            }
            .map_err(|error| bounds.explain(error))
            .at(SshLayer::Login)?;
            // From here on nothing is waited for until something is asked; what comes unasked is kept by libssh2.
            bounds.begin(door.timeout, relay::SPARE);
            bounds.pause();
            anyhow::Ok(Self {
                session,
                socket: Arc::new(socket),
                bounds,
                door,
                proof,
            })
        });
        let entered = tokio::select! {
            entered = entering => entered.context("the SSH thread ended")?,
            // The thread waits for an agent that does not answer, and is left to it.
            exceeded = bounds.exceeded() => Err(anyhow!("the SSH agent does not answer: {exceeded}")).at(SshLayer::Login),
        };
        entered.with_context(|| format!("cannot log in to the SSH server {name}"))
    }

    /// `USER@HOST:PORT`, for messages.
    pub(crate) fn name(&self) -> String {
        self.door.target.to_string()
    }

    /// The longest a single network operation may take.
    pub(super) fn timeout(&self) -> Duration {
        self.door.timeout
    }

    /// The session and its socket, for channels.
    pub(super) fn session(&self) -> (&Session, &OwnedFd) {
        (&self.session, &self.socket)
    }

    /// The bounds of the session.
    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// The login name on the server.
    pub(crate) fn user(&self) -> &str {
        &self.door.target.user
    }
}

impl SshEndpoint {
    /// A server that is reached directly, whose host key need not be known.
    async fn of_any_key(target: &SshTarget, timeout: Duration) -> Result<Self> {
        Ok(Self {
            addresses: resolve(target, timeout).await?,
            target: target.clone(),
            through: None,
            timeout,
            asker: Asker::trusting(),
        })
    }

    /// `forwarded`: the connection, where a server before this one carries it.
    fn open(&self, forwarded: Option<OwnedFd>, bounds: &Bounds) -> Result<(Session, OwnedFd)> {
        let peer = match forwarded {
            Some(stream) => Peer::Forwarded(stream),
            None => Peer::Tcp(self.dial().at_given(SshLayer::Tcp, &self.target.given_by)?),
        };
        bounds.begin(self.timeout, relay::LOGIN);
        let stream = relay::between(peer, bounds)?;
        let socket = stream.try_clone().context("cannot share the SSH connection's socket")?;
        let mut session = Session::new().context("libssh2 cannot start a session")?;
        session.set_timeout(u32::try_from(self.timeout.as_millis()).unwrap_or(u32::MAX));
        session.set_tcp_stream(stream);
        host_key::prefer_known_types(&session, &self.target)?;
        let shaken = session.handshake().map_err(|error| {
            let what = match error.code() {
                _ if bounds.heard("Exceeded MaxStartups") => {
                    "it takes no further login at this moment (MaxStartups): try again in a minute"
                }
                _ if bounds.heard("Not allowed at this time") => {
                    "it refuses this address for now, since logins from here failed (PerSourcePenalties): wait a minute, and name \
                     the right key before you try again"
                }
                ErrorCode::Session(-2 | -13 | -43) => {
                    "it does not speak SSH, or closed the connection at once; check the port, and on the server \
                     MaxStartups and any list of banned addresses"
                }
                ErrorCode::Session(-9) => "it accepted the connection and then said nothing; is this the SSH port?",
                ErrorCode::Session(-5 | -8) => {
                    "no key exchange, host key type or cipher is known to both sides; it offers only what the \
                     libssh2 in here lacks"
                }
                _ => "the handshake failed",
            };
            bounds.explain(anyhow!("{what} (libssh2: {error})"))
        });
        shaken.at(SshLayer::Banner)?;
        Ok((session, socket))
    }

    /// Tries the addresses in turn.
    fn dial(&self) -> Result<TcpStream> {
        let mut failures = Vec::new();
        for address in &self.addresses {
            match TcpStream::connect_timeout(address, self.timeout) {
                Ok(stream) => return Ok(stream),
                Err(error) => failures.push(format!("{address}: {}", why_not(&error, self.timeout))),
            }
        }
        bail!("{}", failures.join("; "))
    }
}

fn why_not(error: &std::io::Error, timeout: Duration) -> String {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => format!(
            "no answer within {} s; a firewall may be dropping the packets, or the address is wrong",
            timeout.as_secs()
        ),
        ErrorKind::ConnectionRefused => "refused; nothing listens on that port, or a firewall rejects it".to_owned(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            format!("{error}; there is no way to that address from this machine")
        }
        _ => error.to_string(),
    }
}

async fn resolve(target: &SshTarget, timeout: Duration) -> Result<Vec<SocketAddr>> {
    addresses_of(target, timeout)
        .await
        .at_given(SshLayer::Name, &target.given_by)
}

async fn addresses_of(target: &SshTarget, timeout: Duration) -> Result<Vec<SocketAddr>> {
    let host = target.host.as_str();
    let asking = tokio::net::lookup_host((host, target.port.number()));
    let found = tokio::time::timeout(timeout, asking)
        .await
        .map_err(|_| {
            anyhow!(
                "looking up the SSH server's name {host} took longer than {} s",
                timeout.as_secs()
            )
        })?
        .with_context(|| format!("cannot look up the SSH server's name {host}; is it spelt right?"))?;
    let addresses: Vec<SocketAddr> = found.take(MOST_ADDRESSES).collect();
    if addresses.is_empty() {
        bail!("the SSH server's name {host} has no address");
    }
    Ok(addresses)
}
