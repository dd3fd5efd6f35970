//! The admin's SSH login, made once and shared by everything that goes through it, so that you are not asked twice for a
//! passphrase.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::net::UnixStream;
use tokio::sync::OnceCell;

use crate::ask::Asker;
use crate::secret::Secret;
use crate::settings::SshTarget;
use crate::world::ssh::capability::Capability;
use crate::world::ssh::exec::Output;
use crate::world::ssh::layer::{self, At as _};
use crate::world::ssh::{Ssh, SshLayer};
use crate::world::ssh_program::SshProgram;

/// A login on the SSH server.
#[derive(Clone)]
pub(crate) enum SshLogin {
    /// By the built-in client, libssh2.
    BuiltIn(Ssh),
    /// By the machine's own ssh.
    Program(SshProgram),
}

impl SshLogin {
    /// Runs a command with this input.
    pub(crate) async fn run(&self, command: &str, stdin: Secret, limit: Duration) -> Result<Output> {
        match self {
            Self::BuiltIn(ssh) => ssh.run(command, stdin, limit).await,
            Self::Program(program) => program.run(command, stdin, limit).await,
        }
    }

    /// Runs a script in a terminal as another user. `None`: a password was asked for, and there was no other to give.
    pub(crate) async fn run_in_terminal(
        &self,
        tool: &str,
        password: Option<&Secret>,
        script: &Secret,
        limit: Duration,
    ) -> Result<Option<Output>> {
        match self {
            Self::BuiltIn(ssh) => ssh.run_in_terminal(tool, password, script, limit).await,
            Self::Program(program) => program.run_in_terminal(tool, password, script, limit).await,
        }
    }

    /// A connection from the SSH server to `host:port`.
    pub(crate) async fn forward(&self, host: &str, port: u16) -> Result<UnixStream> {
        match self {
            Self::BuiltIn(ssh) => ssh.forward(host, port).await,
            Self::Program(program) => program.forward(host, port).await,
        }
    }

    /// A session of its own, since the old one may be in the middle of something.
    pub(super) async fn another(&self) -> Result<Self> {
        Ok(match self {
            Self::BuiltIn(ssh) => Self::BuiltIn(ssh.another().await?),
            Self::Program(program) => Self::Program(program.clone()),
        })
    }

    /// A login as another user on the same server, with a key of our own.
    pub(super) async fn as_user(&self, user: &str, pem: &Secret) -> Result<Self> {
        Ok(match self {
            Self::BuiltIn(ssh) => Self::BuiltIn(ssh.as_user(user, pem).await?),
            Self::Program(program) => Self::Program(program.as_user(user, pem).await?),
        })
    }

    /// Whether the server grants it. `None`: that cannot be checked.
    pub(super) async fn grants(&self, wish: Capability) -> Result<Option<bool>> {
        match self {
            Self::BuiltIn(ssh) => ssh.grants(wish).await.map(Some),
            Self::Program(program) => program.grants(wish).await,
        }
    }

    /// What the server called itself.
    pub(super) fn greeting(&self) -> String {
        match self {
            Self::BuiltIn(ssh) => ssh.greeting(),
            Self::Program(program) => program.seen().greeting,
        }
    }

    /// `USER@HOST:PORT`, for messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::BuiltIn(ssh) => ssh.name(),
            Self::Program(program) => program.name.clone(),
        }
    }

    fn host_key(&self) -> Option<String> {
        match self {
            Self::BuiltIn(ssh) => ssh.host_key(),
            Self::Program(program) => program.seen().host_key.map(|(_, fingerprint)| fingerprint),
        }
    }
}

/// The way in to the SSH server.
#[derive(Clone)]
pub(crate) struct SharedSshLogin {
    target: SshTarget,
    timeout: Duration,
    asker: Asker,
    /// Made once. A refused login is not tried again in this run: servers count them, and then refuse the address.
    login: Arc<OnceCell<Result<SshLogin, String>>>,
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
    pub(crate) async fn login(&self) -> Result<SshLogin> {
        let connect = async || {
            let connected = match &self.target.client {
                Some(client) => SshProgram::connect(client, &self.target, self.timeout, &self.asker)
                    .await
                    .map(SshLogin::Program),
                None => Ssh::connect(&self.target, self.timeout, &self.asker)
                    .await
                    .map(SshLogin::BuiltIn),
            };
            match connected {
                Err(error) if layer::of(&error) == Some(SshLayer::Login) => Ok(Err(format!("{error:#}"))),
                connected => connected.map(Ok),
            }
        };
        match self.login.get_or_try_init(connect).await? {
            Ok(login) => Ok(login.clone()),
            Err(refusal) => Err(anyhow!("{refusal}")).at(SshLayer::Login),
        }
    }

    /// The fingerprint of the server's host key, once a login succeeded.
    pub(crate) fn host_key(&self) -> Option<String> {
        self.login.get()?.as_ref().ok()?.host_key()
    }

    /// A connection from the SSH server to `host:port`.
    pub(crate) async fn forward(&self, host: &str, port: u16) -> Result<UnixStream> {
        self.login().await?.forward(host, port).await
    }
}
