//! Where a finding belongs: a step, or `remove`.

use crate::step_id::StepId;

/// The part of the program that reports a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the steps")]
pub enum Section {
    Allowlist,
    Database,
    SshUser,
    Role,
    Ownership,
    Connection,
    Registration,
    /// The command that takes Stitch's access away, whatever step it is at.
    Remove,
}

impl Section {
    /// The step; `None` for `remove`, whose findings may come from several.
    #[must_use]
    pub fn step(self) -> Option<StepId> {
        Some(match self {
            Self::Allowlist => StepId::Allowlist,
            Self::Database => StepId::Database,
            Self::SshUser => StepId::SshUser,
            Self::Role => StepId::Role,
            Self::Ownership => StepId::Ownership,
            Self::Connection => StepId::Connection,
            Self::Registration => StepId::Registration,
            Self::Remove => return None,
        })
    }

    /// The name in the documentation.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.step().map_or("remove", StepId::as_str)
    }
}
