//! How the engine speaks and asks: one trait, two voices. Nothing but [`terminal`] asks; nothing here decides.

pub(crate) mod output;
mod picture;
pub(crate) mod plain;
pub(crate) mod render;
pub(crate) mod sheet;
pub(crate) mod style;
pub(crate) mod terminal;

use std::time::Duration;

use anyhow::Result;

use crate::ask::{Choice, Chooses, Chosen};
use crate::change::{Change, Plan, Progress};
use crate::finding::Finding;
use crate::report::{Report, StepReport};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::step_id::StepId;

/// Something that happened, in the order it happened.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// Every step is about to be checked, which may take a while.
    Checking,
    /// What one step found, as soon as it is known; nothing was made yet, and the next one may take a while.
    Checked(&'a StepReport),
    /// Every step was checked.
    AllChecked,
    Opened {
        id: StepId,
        /// What and why.
        why: &'static str,
        /// Where Stitch documents it.
        link: &'a str,
    },
    /// A step came to its end.
    Ended(&'a StepReport),
    /// A change is about to be made.
    Applying(&'a Change),
    /// A change that goes object by object has come so far.
    Progress(Progress),
    /// A change was made, in this time.
    Applied(&'a Change, Duration),
    /// Nothing was begun, since this login can make only a part of what is missing. What it cannot make.
    NotBegun(&'a [&'a Finding]),
    /// Nothing was begun, since the plan is not the one that was approved. How they differ.
    NotExpected(&'a str),
}

/// The answer to "make these changes?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Make them.
    Yes,
    /// Leave them.
    No,
    /// Choose again what they are made to.
    Choose,
    /// End the run.
    Quit,
}

pub(crate) trait Console {
    fn event(&mut self, event: &Event<'_>) -> Result<()>;

    /// Asks whether to make the changes of a step.
    async fn decide(&mut self, id: StepId, why: &'static str, plan: &Plan, chooses: Chooses) -> Result<Decision>;

    /// Asks for a choice out of a list.
    async fn choose(&mut self, choice: &Choice) -> Result<Chosen>;

    /// Shows a secret that is shown once and kept nowhere.
    fn show_once(&mut self, what: &str, secret: &Secret) -> Result<()>;

    /// Says the last words.
    fn finish(&mut self, report: &Report, settings: &Settings) -> Result<()>;
}
