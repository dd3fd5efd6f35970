//! The SSH server between Stitch and the database, and what is asked of Stitch's account there.

use anyhow::{Error, ensure};

use super::draft::GivenBy;
use super::ssh::BastionServer;
use crate::names::{HostName, LinuxUser, Port};
use crate::public_key::PublicKey;
use crate::secret::Secret;
use crate::word::words;

/// The SSH server, and Stitch's account on it.
#[derive(Clone, Debug)]
pub struct BastionSettings {
    /// How we reach it.
    pub server: BastionServer,
    /// The Linux user Stitch logs in as.
    pub tunnel_user: LinuxUser,
    /// Whether an existing user may be taken over that is used for something else so far.
    pub adopt: Adopt,
    /// The login shell of the tunnel user.
    pub shell: LoginShell,
    /// Stitch's public key, from its web page; `None` only where the step that needs it is left out.
    pub public_key: Option<PublicKey>,
    /// What Stitch's line may not do besides what it never may.
    pub key_options: Vec<KeyOption>,
    /// Whether the tunnel is tested end to end with a temporary key.
    pub prove: Prove,
    /// What Stitch must connect to.
    pub stitch_host: HostName,
    /// The port of the SSH server as Stitch reaches it.
    pub stitch_port: Port,
    /// What gave the address that Stitch connects to.
    pub stitch_given_by: GivenBy,
    /// For sudo, when it wants one; asked for when missing.
    pub sudo_password: Option<Secret>,
}

words! {
    /// One word of `--key-options`: what narrows Stitch's line besides `restrict,port-forwarding`, which it always has.
    pub enum KeyOption else "is not one of {all}" {
        /// `restrict`: nothing besides.
        Restrict = "restrict",
        /// `permitopen`: forwards to the database and nowhere else.
        PermitOpen = "permitopen",
        /// `from`: lets the key in from Stitch's addresses only.
        From = "from",
        /// `no-command`: whatever command or shell is asked for, `false` is run.
        NoCommand = "no-command",
    }
}

/// Whether an account or a database role that looks used for something else may become Stitch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopt {
    /// `--adopt-user`, `--adopt-role`.
    Yes,
    /// The default.
    No,
}

/// The login shell of Stitch's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginShell {
    /// The system's for new users; an existing one stays.
    Any,
    /// `--shell`.
    This(String),
    /// `--tunnel-only`: `nologin`, wherever the system has it.
    Nologin,
}

impl LoginShell {
    /// A path that can stand in `/etc/passwd`.
    pub(super) fn path(text: &str) -> Result<Self, Error> {
        let is_fine = |c: char| c.is_ascii_alphanumeric() || "/._+-".contains(c);
        ensure!(
            text.starts_with('/') && !text.ends_with('/') && text.chars().all(is_fine),
            "{text:?} is not the full path of a shell, such as /bin/sh"
        );
        Ok(Self::This(text.to_owned()))
    }
}

/// Whether a key of our own may stand beside Stitch's for two minutes, to prove the whole way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prove {
    /// `--prove-tunnel`, and the default of `setup`.
    Yes,
    /// `--no-prove-tunnel`, and the default of every other command.
    No,
}

impl KeyOption {
    /// What Stitch needs, and nothing else: it forwards to the database.
    pub(super) const BY_DEFAULT: [Self; 2] = [Self::PermitOpen, Self::NoCommand];
}
