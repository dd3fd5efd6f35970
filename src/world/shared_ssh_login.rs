//! The admin's SSH login, made once and shared by everything that goes through it, so that nobody is asked twice for a
//! passphrase.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::net::UnixStream;
use tokio::sync::OnceCell;

use crate::ask::Asker;
use crate::settings::SshTarget;
use crate::world::ssh::Ssh;

/// The way in to the SSH server.
#[derive(Clone)]
pub(crate) struct SharedSshLogin {
    target: SshTarget,
    timeout: Duration,
    asker: Asker,
    login: Arc<OnceCell<Ssh>>,
}

impl SharedSshLogin {
    /// Connects to nothing yet.
    pub(crate) fn new(target: &SshTarget, timeout: Duration, asker: &Asker) -> Self {
        Self {
            target: target.clone(),
            timeout,
            asker: asker.clone(),
            login: Arc::default(),
        }
    }

    /// The login; made now, unless it was before.
    pub(crate) async fn login(&self) -> Result<Ssh> {
        let connect = || Ssh::connect(&self.target, self.timeout, &self.asker);
        self.login.get_or_try_init(connect).await.cloned()
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
