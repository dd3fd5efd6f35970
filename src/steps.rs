//! The documented steps, in running order, and what each one is made of.

pub(crate) mod allowlist;
pub(crate) mod connection;
pub(crate) mod database;
pub(crate) mod ownership;
pub(crate) mod registration;
pub(crate) mod role;
pub(crate) mod ssh_user;

use std::fmt;
use std::str::FromStr;

use anyhow::{Error, Result, bail};

use crate::change::Plan;
use crate::report::Command;
use crate::settings::Settings;
use crate::world::World;

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

/// One documented step: it reads the world into facts, and a pure function makes facts into a plan.
pub(crate) trait Step {
    /// Which one.
    const ID: StepId;
    /// What and why, in one or two sentences; shown when the step opens and on "explain".
    const WHY: &'static str;
    /// Where Stitch documents it, below the docs base address.
    const LINK: &'static str;
    /// The steps without whose changes this one's would fail.
    const NEEDS: &'static [StepId] = &[];
    /// What was read. The default is *nothing exists yet*, so that a plan from the default is the offline script.
    type Facts: Default;

    /// The reason to leave the step out, if there is one.
    fn skip(_settings: &Settings) -> Option<&'static str> {
        None
    }

    /// Reads only. Something absent is a value, never an error.
    async fn inspect(settings: &Settings, world: &mut World, walk: Walk) -> Result<Self::Facts>;

    /// What only a person can choose once the facts are known; asked on a terminal, before the plan is made.
    fn question(_settings: &Settings, _facts: &Self::Facts) -> Option<Choice> {
        None
    }

    /// Puts the answer into the settings.
    fn answer(_settings: &mut Settings, _chosen: &Chosen) {}

    /// Pure and deterministic.
    fn plan(settings: &Settings, facts: &Self::Facts) -> Plan;
}

/// Which kind of walk a step is looked at in: the connection is rehearsed in `check` and `setup` only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub(crate) command: Command,
}

/// A list to tick.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is asked.
    pub question: &'static str,
    /// Name, description, and whether it is ticked to begin with.
    pub lines: Vec<(String, String, bool)>,
}

/// The names that were ticked.
#[derive(Clone, Debug, Default)]
pub struct Chosen(pub Vec<String>);
