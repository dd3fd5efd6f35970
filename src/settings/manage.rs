//! What is kept by people unless `--manage` names it, and the machine on which it would be changed.

use std::str::FromStr;

use anyhow::{Error, Result, bail};

use crate::word::words;

words! {
    /// Something outside the database that is changed only when asked for by name.
    pub enum Manage {
        /// `pg_hba.conf`.
        Hba = "hba",
        /// The firewall of the machine that Stitch reaches.
        Firewall = "firewall",
    }
}

impl FromStr for Manage {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|what| what.as_str() == text) {
            Some(what) => Ok(what),
            None => bail!("{text:?} is not a value of --manage; write hba or firewall"),
        }
    }
}

/// The machine PostgreSQL runs on, as one this tool can be root on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// PostgreSQL runs on this machine.
    Here,
    /// PostgreSQL runs on the SSH server.
    Bastion,
}
