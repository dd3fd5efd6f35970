//! The commands that walk through the steps.

use crate::word::words;

words! {
    /// Which walk through the steps it was.
    pub enum Command {
        /// Checks, asks, changes, and checks again.
        Setup = "setup",
        /// Checks and reports.
        Plan = "plan",
        /// Checks, runs the test load, and reports.
        Check = "check",
        /// Removes Stitch's access: checks, asks, changes, and checks again.
        Remove = "remove",
    }
}

impl Command {
    /// Whether it makes changes that are approved.
    pub fn makes_changes(self) -> bool {
        matches!(self, Self::Setup | Self::Remove)
    }
}
