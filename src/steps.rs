//! The documented steps, in running order, and what each one is made of.

pub(crate) mod allowlist;
pub(crate) mod connection;
pub(crate) mod database;
mod event_triggers;
mod obstacles;
pub(crate) mod ownership;
pub(crate) mod registration;
pub(crate) mod role;
pub(crate) mod ssh_user;

use anyhow::Result;

use crate::ask::{Choice, Chosen};
use crate::change::Plan;
use crate::command::Command;
use crate::settings::Settings;
use crate::step_id::StepId;
use crate::world::World;

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
