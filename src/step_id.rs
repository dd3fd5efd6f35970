//! The documented steps by name, in running order.

use std::fmt;

use crate::word::words;

words! {
    /// The steps. The order of the variants is the order of the run.
    pub enum StepId else "is not a step; the steps are {all}" {
        /// Guide step 1: let Stitch's addresses in.
        Allowlist = "allowlist",
        /// Guide step 2: the database Stitch loads into.
        Database = "database",
        /// Guide steps 3 and 4: the Linux user on the SSH server, and Stitch's public key.
        SshUser = "ssh-user",
        /// Guide step 5: the database role, its password and its rights.
        Role = "role",
        /// Guide step 5, existing connections: schemas and tables that Stitch must own.
        Ownership = "ownership",
        /// Guide step 6: log in and load as Stitch would.
        Connection = "connection",
        /// Guide step 6, last act: enter the connection into Stitch.
        Registration = "registration",
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
