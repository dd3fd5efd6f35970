//! What settings are asked for.

use std::path::PathBuf;

use crate::command::Command;

/// What the settings are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsRequest {
    /// The command that the settings are for.
    pub purpose: Purpose,
    /// Whether changes are approved beforehand.
    pub approval: Approval,
    /// `--config`.
    pub config: Option<PathBuf>,
}

/// The commands that need settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `setup`.
    Setup,
    /// `plan`.
    Plan,
    /// `check`.
    Check,
    /// `remove`.
    Remove,
    /// `watch`.
    Watch,
    /// `rotate`.
    Rotate,
    /// `script`, for one audience or for all.
    Script(Option<Audience>),
}

impl Purpose {
    /// Whether what Stitch does is waited for, and no step is walked.
    pub(super) fn watches(self) -> bool {
        matches!(self, Self::Watch | Self::Rotate)
    }
}

impl From<Command> for Purpose {
    fn from(command: Command) -> Self {
        match command {
            Command::Setup => Self::Setup,
            Command::Plan => Self::Plan,
            Command::Check => Self::Check,
            Command::Remove => Self::Remove,
        }
    }
}

/// Whom a script is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Audience {
    /// SQL for the database administrator.
    Dba,
    /// A POSIX shell script for the administrator of the SSH server.
    Sysadmin,
    /// Command lines for the cloud provider's tool.
    Cloud,
    /// A request to Stitch, for whoever has an access token.
    Stitch,
}

/// `--yes` or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Every change is approved.
    Given,
    /// Each change is asked about, or none is made.
    Asked,
}
