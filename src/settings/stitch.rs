//! What Stitch itself will use.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use openssl::x509::X509;

use super::bastion::Adopt;
use super::draft::GivenBy;
use super::region::Region;
use crate::names::{Cidr, DatabaseName, HostName, Port, RoleName};
use crate::secret::Secret;

/// What Stitch itself will use; these values end up in Stitch's form.
#[derive(Clone, Debug)]
pub struct Stitch {
    /// The address that Stitch (or the SSH server for it) must connect to.
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
    /// Whether an existing role may be taken over that is used for something else so far.
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

/// Certificates of an authority, out of a PEM file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The settings file that decided.
    pub path: PathBuf,
    /// Its certificates as text, for Stitch's form. A key in the same file is not in it.
    pub pem: String,
}

impl Authority {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        let certificates = X509::stack_from_pem(&bytes).unwrap_or_default();
        ensure!(!certificates.is_empty(), "{shown} holds no PEM certificate");
        let mut pem = String::new();
        for certificate in certificates {
            pem.push_str(&String::from_utf8_lossy(&certificate.to_pem()?));
        }
        Ok(Self {
            path: path.to_owned(),
            pem,
        })
    }
}
