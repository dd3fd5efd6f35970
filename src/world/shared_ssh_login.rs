//! The admin's SSH login, made once and shared by everything that goes through it, so that nobody is asked twice for a
//! passphrase.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use tokio::net::UnixStream;
use tokio::sync::OnceCell;

use crate::ask::Asker;
use crate::settings::SshTarget;
use crate::world::ssh::layer::{self, At as _};
use crate::world::ssh::{Ssh, SshLayer};
use crate::world::ssh_program::SshProgram;

/// The way in to the SSH server.
#[derive(Clone)]
pub(crate) struct SharedSshLogin {
    target: SshTarget,
    timeout: Duration,
    asker: Asker,
    /// Where the machine's own ssh is used.
    program: Arc<Result<Option<SshProgram>>>,
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
            program: Arc::new(SshProgram::new(target, timeout, asker)),
            login: Arc::default(),
        }
    }

    /// The machine's own ssh, where it is used.
    pub(crate) fn program(&self) -> Result<Option<&SshProgram>> {
        match self.program.as_ref() {
            Ok(program) => Ok(program.as_ref()),
            Err(error) => Err(anyhow!("{error:#}")),
        }
    }

    /// The login; made now, unless it was before.
    pub(crate) async fn login(&self) -> Result<Ssh> {
        if self.target.client.is_some() {
            bail!("this needs the built-in client, without --ssh-command");
        }
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
        match self.program()? {
            Some(program) => program.forward(host, port).await,
            None => self.login().await?.forward(host, port).await,
        }
    }
}
