//! What Stitch itself will use.

use std::path::PathBuf;

use super::authority::Authority;
use super::given_by::GivenBy;
use super::region::Region;
use super::tunnel::Adopt;
use crate::names::{Cidr, DatabaseName, HostName, Port, RoleName};
use crate::secret::Secret;

/// What Stitch itself will use; these values end up in Stitch's form.
#[derive(Clone, Debug)]
pub struct Stitch {
    /// The address Stitch (or the SSH server for it) must dial.
    pub host: HostName,
    /// The port that Stitch connects to.
    pub port: Port,
    /// The database that Stitch loads into.
    pub database: DatabaseName,
    /// The PostgreSQL role that Stitch logs in as.
    pub role: RoleName,
    /// Its password, as far as it is known.
    pub password: RolePassword,
    /// What to do when the existing role has another password.
    pub on_wrong_password: OnWrongPassword,
    /// Whether an existing role may be somebody else's so far.
    pub adopt: Adopt,
    /// Roles that are to read what Stitch makes.
    pub readers: Vec<RoleName>,
    /// Your account's region; absent when the addresses are given outright or the step that needs it is left out.
    pub region: Option<Region>,
    /// The networks Stitch connects from: the region's, or those given.
    pub allow: Vec<Cidr>,
    /// Whether *Connect using SSL* will be ticked.
    pub ssl: StitchSsl,
    /// What will be pasted into its box *SSL Certificate*.
    pub ca: Option<Authority>,
    /// What gave its address; where that is the administrator's, what gave that.
    pub given_by: GivenBy,
}

/// What is known of the Stitch role's password.
#[derive(Clone, Debug)]
pub enum RolePassword {
    /// Given by file, environment or prompt.
    Known(Secret),
    /// Made by us in this run; not yet written or shown.
    Generated {
        /// The password.
        secret: Secret,
        /// Where it goes (mode 0600); `None`: shown once on the terminal.
        save_to: Option<PathBuf>,
    },
    /// Not given; enough for `plan` and `script`.
    Unknown,
}

impl RolePassword {
    /// The password, when there is one.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Known(secret) | Self::Generated { secret, .. } => Some(secret),
            Self::Unknown => None,
        }
    }
}

/// Whether an existing role's password may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnWrongPassword {
    /// Say so and leave it: another integration may be using it.
    Report,
    /// `--reset-password`.
    Reset,
}

/// Whether Stitch's form will have *Connect using SSL* ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StitchSsl {
    /// `--ssl`.
    On,
    /// `--no-ssl`.
    Off,
    /// On when the server offers TLS.
    WhenOffered,
}
