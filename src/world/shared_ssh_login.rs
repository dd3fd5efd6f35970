//! The admin's SSH login, made once and shared by everything that goes through it, so that nobody is asked twice for a
//! passphrase.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::net::UnixStream;
use tokio::sync::OnceCell;

use crate::ask::Asker;
use crate::settings::SshTarget;
use crate::world::ssh::layer::{self, At as _};
use crate::world::ssh::{Ssh, SshLayer};

/// The way in to the SSH server.
#[derive(Clone)]
pub(crate) struct SharedSshLogin {
    target: SshTarget,
    timeout: Duration,
    asker: Asker,
    /// Made once. A refused login is not tried again in this run: servers count them, and then refuse the address.
    login: Arc<OnceCell<Result<Ssh, String>>>,
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
        let connect = async || match Ssh::connect(&self.target, self.timeout, &self.asker).await {
            Err(error) if layer::of(&error) == Some(SshLayer::Login) => Ok(Err(format!("{error:#}"))),
            connected => connected.map(Ok),
        };
        match self.login.get_or_try_init(connect).await? {
            Ok(ssh) => Ok(ssh.clone()),
            Err(refusal) => Err(anyhow!("{refusal}")).at(SshLayer::Login),
        }
    }

    /// The fingerprint of the server's host key, once somebody was logged in.
    pub(crate) fn host_key(&self) -> Option<String> {
        self.login.get()?.as_ref().ok()?.host_key()
    }

    /// A connection from the SSH server to `host:port`.
    pub(crate) async fn forward(&self, host: &str, port: u16) -> Result<UnixStream> {
        self.login().await?.forward(host, port).await
    }
}
