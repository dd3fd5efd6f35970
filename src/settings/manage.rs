//! What is kept by people unless `--manage` names it, and the machine on which it would be changed.

use crate::word::words;

words! {
    /// Something outside the database that is changed only when asked for by name.
    pub enum Manage else "is not a value of --manage; write hba or firewall" {
        /// `pg_hba.conf`.
        Hba = "hba",
        /// The firewall of the machine that Stitch reaches.
        Firewall = "firewall",
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
