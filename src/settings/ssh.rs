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
    Ssh(Box<SshTarget>),
}

/// An SSH login of the admin's.
#[derive(Clone, Debug)]
pub struct SshTarget {
    /// The login name on the SSH server.
    pub user: String,
    /// Host name or address to connect to.
    pub host: HostName,
    /// The name under which `known_hosts` has it whatever the port (`HostKeyAlias`); else it is the host's.
    pub host_key_alias: Option<String>,
    /// The port of the SSH server.
    pub port: Port,
    /// Private key files to try, in order; missing ones are skipped. A public key stands for the agent's.
    pub identities: Vec<PathBuf>,
    /// Which of the agent's keys may be shown to it.
    pub agent_keys: AgentKeys,
    /// Where the agent is.
    pub agent: SshAgent,
    /// Who named the identities. A missing file that the flag names is an error.
    pub identity_source: IdentitySource,
    /// Your `known_hosts` files, in order. A key that is accepted goes to the first.
    pub known_hosts: Vec<PathBuf>,
    /// Those that hold for every user of this machine; they are read, too.
    pub global_known_hosts: Vec<PathBuf>,
    /// A list of host keys that are refused (`RevokedHostKeys`).
    pub revoked_host_keys: Option<PathBuf>,
    /// Lines of the SSH client's configuration that only `ssh` itself can follow: `FILE:LINE: KEYWORD`.
    pub unused: Vec<String>,
    /// The machine's own `ssh`, where it is used in place of libssh2 (`--ssh-command`).
    pub client: Option<SshClient>,
    /// SSH servers to go through first, in order (`ProxyJump`).
    pub jumps: Vec<SshTarget>,
    /// What gave its address, as advice names it.
    pub given_by: String,
    /// A fingerprint (`SHA256:…`) that is to be accepted whatever `known_hosts` lacks; a *changed* key stays refused.
    pub host_key: Option<String>,
}

impl SshTarget {
    /// The name under which `known_hosts` has it.
    pub fn known_as(&self) -> &str {
        self.host_key_alias.as_deref().unwrap_or(self.host.as_str())
    }
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

/// How the machine's own `ssh` is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshClient {
    /// Its path.
    pub program: PathBuf,
    /// What names the server: what was typed and the flags about it, for ssh to complete by its own configuration.
    pub destination: Vec<String>,
}

/// Where the agent is (`IdentityAgent`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SshAgent {
    /// `SSH_AUTH_SOCK` says.
    #[default]
    Usual,
    /// None is asked.
    None,
    /// This socket.
    Socket(PathBuf),
}

/// Where the list of private keys comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// `--bastion-identity`.
    Flag,
    /// The SSH client's configuration.
    Config,
    /// The usual files `~/.ssh/id_*`.
    Default,
}
