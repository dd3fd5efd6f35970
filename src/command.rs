//! The commands that walk through the steps.

/// Which walk through the steps it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Look, ask, change, look again.
    Setup,
    /// Look and say.
    Plan,
    /// Look, rehearse, say.
    Check,
    /// Take Stitch's access away: look, ask, change, look again.
    Remove,
}

impl Command {
    /// Whether it makes changes that are approved.
    #[must_use]
    pub fn makes_changes(self) -> bool {
        matches!(self, Self::Setup | Self::Remove)
    }

    /// The word people type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Plan => "plan",
            Self::Check => "check",
            Self::Remove => "remove",
        }
    }
}
