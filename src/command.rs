//! The commands that walk through the steps.

use crate::word::words;

words! {
    /// Which walk through the steps it was.
    pub enum Command {
        /// Look, ask, change, look again.
        Setup = "setup",
        /// Look and say.
        Plan = "plan",
        /// Look, rehearse, say.
        Check = "check",
        /// Take Stitch's access away: look, ask, change, look again.
        Remove = "remove",
    }
}

impl Command {
    /// Whether it makes changes that are approved.
    pub fn makes_changes(self) -> bool {
        matches!(self, Self::Setup | Self::Remove)
    }
}
