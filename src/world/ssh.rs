//! An SSH login of the admin's: connected, the host key checked before anything is proved to the server, logged in.
//! Every libssh2 call that waits has a time limit; all of them run on threads that may wait.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use ssh2::Session;

use crate::ask::Asker;
use crate::public_key::fingerprint;
use crate::secret::Secret;
use crate::settings::SshTarget;

pub(crate) mod capability;
mod endpoint;
pub(crate) mod exec;
mod host_key;
mod key_file;
pub(crate) mod layer;
mod login;
mod relay;
pub(super) mod wait;

use endpoint::{SshEndpoint, resolve};
use layer::At as _;
pub(crate) use layer::SshLayer;
pub(super) use layer::TurnedAway;
use relay::Bounds;
pub(super) use relay::SPARE;

/// Between two tries at a server that refuses connections for a while.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// One session, logged in.
#[derive(Clone)]
pub(crate) struct Ssh {
    session: Session,
    /// The session's own socket, to wait on.
    socket: Arc<OwnedFd>,
    pub(super) bounds: Bounds,
    pub(super) door: Arc<SshEndpoint>,
    proof: login::Credential,
}

impl Ssh {
    /// Connects, checks the host key, logs in; on every server on the way first.
    pub(crate) async fn connect(target: &SshTarget, timeout: Duration, asker: &Asker) -> Result<Self> {
        let mut through: Option<Self> = None;
        for hop in target.jumps.iter().chain([target]) {
            let way = through
                .as_ref()
                .map(|before| format!("on the way to {target}, through {}", before.name()));
            let mut entered = Self::connect_next(hop, through, timeout, asker).await;
            if let Some(line) = hop.unused.first() {
                let left = "the built-in client does not support this line; use your own ssh: add --ssh-command ssh";
                entered = entered.with_context(|| format!("{line}: {left}"));
            }
            through = Some(match way {
                Some(way) => entered.context(way)?,
                None => entered?,
            });
        }
        through.context("there is no server to log in to")
    }

    async fn connect_next(target: &SshTarget, through: Option<Self>, timeout: Duration, asker: &Asker) -> Result<Self> {
        let addresses = match &through {
            Some(_) => Vec::new(),
            None => resolve(target, timeout).await?,
        };
        let door = SshEndpoint {
            target: target.clone(),
            through,
            addresses,
            timeout,
            asker: asker.clone(),
        };
        Self::enter(Arc::new(door), None).await
    }

    /// A connection to the next server on the way. Boxed, since that one may carry another in turn.
    async fn carry(&self, next: &SshTarget) -> Result<OwnedFd> {
        let stream = Box::pin(self.forward(next.host.as_str(), next.port.number())).await?;
        Ok(stream.into_std().context("cannot use the socket")?.into())
    }

    /// A second session beside this one, without asking you again.
    pub(super) async fn another(&self) -> Result<Self> {
        Self::enter(Arc::clone(&self.door), Some(self.proof.clone())).await
    }

    /// A login as another user on the same server, with a key of our own.
    pub(super) async fn as_user(&self, user: &str, pem: &Secret) -> Result<Self> {
        let mut door = SshEndpoint::clone(&self.door);
        user.clone_into(&mut door.target.user);
        Self::enter(Arc::new(door), Some(login::Credential::key(pem))).await
    }

    /// The same on a server whose host key need not be known: this machine.
    pub(super) async fn connect_with_key(target: SshTarget, timeout: Duration, pem: &Secret) -> Result<Self> {
        let door = SshEndpoint::of_any_key(target, timeout).await?;
        Self::enter(Arc::new(door), Some(login::Credential::key(pem))).await
    }

    /// The fingerprint of the server's host key.
    pub(super) fn host_key(&self) -> Option<String> {
        self.session.host_key().map(|(key, _)| fingerprint(key))
    }

    /// What the server called itself.
    pub(super) fn greeting(&self) -> String {
        self.session.banner().unwrap_or_default().to_owned()
    }

    /// The same without a login.
    pub(super) async fn greeting_of(target: SshTarget, timeout: Duration) -> Result<String> {
        let door = SshEndpoint::of_any_key(target, timeout).await?;
        tokio::task::spawn_blocking(move || {
            let (session, _) = door.open(None, &Bounds::default())?;
            Ok(session.banner().unwrap_or_default().to_owned())
        })
        .await
        .context("the SSH thread ended")?
    }

    /// A server that refuses connections for a while is waited for, not long.
    async fn enter(door: Arc<SshEndpoint>, proof: Option<login::Credential>) -> Result<Self> {
        let patience = Instant::now() + 2 * door.timeout;
        loop {
            let entered = Self::try_to_enter(Arc::clone(&door), proof.clone()).await;
            match entered {
                Err(error) if layer::is_turned_away(&error) && Instant::now() < patience => {
                    (door.asker.tell)(&format!("{error:#}; waiting"));
                    tokio::time::sleep(PAUSE).await;
                }
                entered => return entered,
            }
        }
    }

    async fn try_to_enter(door: Arc<SshEndpoint>, proof: Option<login::Credential>) -> Result<Self> {
        let name = door.target.to_string();
        let forwarded = match &door.through {
            Some(before) => {
                let carried = before.carry(&door.target).await;
                Some(carried.with_context(|| format!("cannot reach the SSH server {name}"))?)
            }
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

    /// The session and its socket, for channels.
    pub(super) fn session(&self) -> (&Session, &OwnedFd) {
        (&self.session, &self.socket)
    }
}
