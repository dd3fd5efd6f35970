//! The admin's SSH login, made once and shared by everything that goes through it, so that nobody is asked twice for a
//! passphrase. It can be begun before it is needed, as long as it asks nobody.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::UnixStream;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

use crate::ask::Asker;
use crate::settings::SshTarget;
use crate::world::ssh::Ssh;

/// The way in to the SSH server.
#[derive(Clone)]
pub(crate) struct Gateway {
    target: SshTarget,
    timeout: Duration,
    asker: Asker,
    login: Arc<OnceCell<Ssh>>,
    begun: Arc<Mutex<Option<JoinHandle<Early>>>>,
}

/// What came of a login that was begun before it was needed.
enum Early {
    /// It was made, or refused for a reason that asking again does not change.
    Over(Result<Ssh>),
    /// A question came up, which has its time when the login is needed: it is to be made again.
    WouldAsk,
}

impl Gateway {
    /// Connects to nothing yet.
    pub(crate) fn new(target: &SshTarget, timeout: Duration, asker: &Asker) -> Self {
        Self {
            target: target.clone(),
            timeout,
            asker: asker.clone(),
            login: Arc::default(),
            begun: Arc::default(),
        }
    }

    /// Begins the login in the background, so that nobody waits for the SSH server after having waited for PostgreSQL.
    pub(crate) fn begin(&self) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.is_some() || self.login.initialized() {
            return;
        }
        let (asker, wanted) = self.asker.declining();
        let (target, timeout) = (self.target.clone(), self.timeout);
        *begun = Some(tokio::spawn(async move {
            let outcome = Ssh::connect(&target, timeout, &asker).await;
            if wanted.load(Ordering::Relaxed) {
                // Also where another key was taken: the one that needs a passphrase goes first.
                return Early::WouldAsk;
            }
            Early::Over(outcome)
        }));
    }

    /// The login; made now, unless it was before.
    pub(crate) async fn login(&self) -> Result<Ssh> {
        let ssh = self.login.get_or_try_init(|| self.make_login()).await?;
        Ok(ssh.clone())
    }

    async fn make_login(&self) -> Result<Ssh> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(begun) = begun
            && let Early::Over(outcome) = begun.await.context("the SSH login ended")?
        {
            return outcome;
        }
        Ssh::connect(&self.target, self.timeout, &self.asker).await
    }

    /// The fingerprint of the server's host key, once somebody was logged in.
    pub(crate) fn host_key(&self) -> Option<String> {
        self.login.get()?.host_key()
    }

    /// A connection from the SSH server to `host:port`.
    pub(crate) async fn forward(&self, host: &str, port: u16) -> Result<UnixStream> {
        self.login().await?.forward(host, port).await
    }
}
