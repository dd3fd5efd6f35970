//! Where a finding belongs: a step, or `remove`.

use crate::word::words;

words! {
    /// The part of the program that reports a finding.
    #[expect(missing_docs, reason = "the names are those of the steps")]
    pub enum Section {
        Allowlist = "allowlist",
        Database = "database",
        SshUser = "ssh-user",
        Role = "role",
        Ownership = "ownership",
        Connection = "connection",
        Registration = "registration",
        /// The command that takes Stitch's access away, whatever step it is at.
        Remove = "remove",
    }
}
