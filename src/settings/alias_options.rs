//! What decides about an alias of the SSH client's configuration besides its files.

use std::path::PathBuf;

/// What else decides: the person's own directory and name, and what the flags say.
#[derive(Clone, Debug, Default)]
pub struct AliasOptions {
    /// The home directory, in which `.ssh` is looked for.
    pub home: PathBuf,
    /// The client's configuration for every user of this machine.
    pub system: PathBuf,
    /// This machine's name.
    pub machine: String,
    /// Reads a variable of the environment, for `${NAME}`.
    pub variable: Option<fn(&str) -> Option<String>>,
    /// The login name here, used there unless another is given.
    pub os_user: String,
    /// `--bastion-identity`.
    pub identity: Option<PathBuf>,
    /// `--known-hosts`.
    pub known_hosts: Option<PathBuf>,
    /// `--host-key`.
    pub host_key: Option<String>,
    /// `--ssh-command`.
    pub ssh_command: Option<PathBuf>,
}
