//! The SSH agent of the person: its keys, and its signature.

use anyhow::{Context as _, Result};
use ssh2::{PublicKey, Session};

use crate::settings::{SshAgent, SshTarget};

/// An agent that answered.
pub(super) struct Agent {
    agent: ssh2::Agent,
    pub(super) keys: Vec<PublicKey>,
}

impl Agent {
    /// `None`: there is none, or it does not answer.
    pub(super) fn open(session: &Session, target: &SshTarget) -> Result<Option<Self>> {
        let mut agent = session.agent().context("libssh2 cannot use an SSH agent")?;
        match &target.agent {
            SshAgent::None => return Ok(None),
            SshAgent::Usual => {}
            SshAgent::Socket(path) => agent
                .set_identity_path(path)
                .with_context(|| format!("libssh2 refuses the agent's socket {}", path.display()))?,
        }
        if agent.connect().is_err() || agent.list_identities().is_err() {
            return Ok(None);
        }
        let keys = agent.identities().context("the SSH agent does not list its keys")?;
        Ok(Some(Self { agent, keys }))
    }

    pub(super) fn find(&self, blob: &[u8]) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.blob() == blob)
    }

    pub(super) fn sign(&self, user: &str, key: &PublicKey) -> Result<(), ssh2::Error> {
        self.agent.userauth(user, key)
    }
}
