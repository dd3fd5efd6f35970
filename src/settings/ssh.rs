//! How the SSH server is reached: this machine, or a login of the admin's.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::names::{HostName, Port};

/// How we reach the SSH server.
#[derive(Clone, Debug)]
pub enum BastionServer {
    /// This machine is the SSH server.
    Local,
    /// Over SSH.
    Ssh(SshTarget),
}

/// An SSH login of the admin's.
#[derive(Clone, Debug)]
pub struct SshTarget {
    /// The login name on the SSH server.
    pub user: String,
    /// Host name or address to dial.
    pub host: HostName,
    /// Name under which `known_hosts` has it: what the person typed, or `HostKeyAlias`.
    pub known_as: String,
    /// The port of the SSH server.
    pub port: Port,
    /// Private key files to try, in order, after the agent; missing ones are skipped.
    pub identities: Vec<PathBuf>,
    /// Which of the agent's keys may be shown to it.
    pub agent_keys: AgentKeys,
    /// Whether the identities were named by the user (then a missing file is an error).
    pub identity_source: IdentitySource,
    /// `known_hosts` files, in order.
    pub known_hosts: Vec<PathBuf>,
    /// SSH servers to go through first, in order (`ProxyJump`).
    pub jumps: Vec<SshTarget>,
    /// A fingerprint (`SHA256:…`) that is to be accepted whatever `known_hosts` lacks; a *changed* key stays refused.
    pub host_key: Option<String>,
}

impl fmt::Display for SshTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.address() {
            Some(IpAddr::V6(address)) => write!(f, "{}@[{address}]:{}", self.user, self.port),
            _ => write!(f, "{}@{}:{}", self.user, self.host, self.port),
        }
    }
}

/// Which of the agent's keys may be shown to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgentKeys {
    /// Every key that the agent holds.
    #[default]
    All,
    /// Those of the identities alone (`IdentitiesOnly yes`).
    Listed,
}

/// Where the list of private keys comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// `--bastion-identity` or the SSH client's configuration.
    Named,
    /// The usual files `~/.ssh/id_*`.
    Default,
}
