//! The documented steps by name, in running order.

use std::fmt;
use std::str::FromStr;

use anyhow::{Error, Result, bail};

/// The steps. The order of the variants is the order of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepId {
    /// Guide step 1: let Stitch's addresses in.
    Allowlist,
    /// Guide step 2: the database Stitch loads into.
    Database,
    /// Guide steps 3 and 4: the Linux user on the SSH server, and Stitch's public key.
    SshUser,
    /// Guide step 5: the database role, its password and its rights.
    Role,
    /// Guide step 5, existing connections: schemas and tables that Stitch must own.
    Ownership,
    /// Guide step 6: log in and load as Stitch would.
    Connection,
    /// Guide step 6, last act: enter the connection into Stitch.
    Registration,
}

impl StepId {
    /// All steps in running order.
    pub const ALL: [Self; 7] = [
        Self::Allowlist,
        Self::Database,
        Self::SshUser,
        Self::Role,
        Self::Ownership,
        Self::Connection,
        Self::Registration,
    ];

    /// The name in flags, reports and docs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowlist => "allowlist",
            Self::Database => "database",
            Self::SshUser => "ssh-user",
            Self::Role => "role",
            Self::Ownership => "ownership",
            Self::Connection => "connection",
            Self::Registration => "registration",
        }
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StepId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|id| id.as_str() == text) {
            Some(id) => Ok(id),
            None => bail!(
                "{text:?} is not a step; the steps are {}",
                Self::ALL.map(Self::as_str).join(", ")
            ),
        }
    }
}
