//! The SSH server between Stitch and the database.

use super::given_by::GivenBy;
use super::ssh::BastionServer;
use super::tunnel::{Adopt, KeyOption, LoginShell, Prove};
use crate::names::{HostName, LinuxUser, Port};
use crate::public_key::PublicKey;
use crate::secret::Secret;

/// The SSH server, and Stitch's account on it.
#[derive(Clone, Debug)]
pub struct BastionSettings {
    /// How we reach it.
    pub server: BastionServer,
    /// The Linux user Stitch logs in as.
    pub tunnel_user: LinuxUser,
    /// Whether it may be somebody else's so far.
    pub adopt: Adopt,
    /// The login shell of the tunnel user.
    pub shell: LoginShell,
    /// Stitch's public key, from its web page; `None` only where the step that needs it is left out.
    pub public_key: Option<PublicKey>,
    /// What Stitch's line may not do besides what it never may.
    pub key_options: Vec<KeyOption>,
    /// Whether the whole way is walked with a key of our own.
    pub prove: Prove,
    /// What Stitch must dial.
    pub stitch_host: HostName,
    /// The port of the SSH server as Stitch reaches it.
    pub stitch_port: Port,
    /// What gave the address that Stitch connects to.
    pub stitch_given_by: GivenBy,
    /// For sudo, when it wants one; asked for when missing.
    pub sudo_password: Option<Secret>,
}
