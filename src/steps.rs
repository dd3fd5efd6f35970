//! The documented steps, in running order, and what each one is made of.

pub(crate) mod allowlist;
pub(crate) mod connection;
pub(crate) mod database;
pub(crate) mod event_triggers;
pub(crate) mod layers;
mod obstacles;
pub(crate) mod ownership;
pub(crate) mod registration;
pub(crate) mod role;
mod session_settings;
pub(crate) mod ssh_user;

use std::marker::PhantomData;

use anyhow::Result;

use crate::ask::{Choice, Chooses, Chosen};
use crate::change::Plan;
use crate::finding::Finding;
use crate::report::Report;
use crate::secret::Secret;
use crate::settings::{Audience, Settings};
use crate::statement::Statement;
use crate::step_id::StepId;
use crate::visible::one_line;
use crate::world::{Prover, Reader};

/// Fewer connections than this are few: Stitch opens several at once; how many is not documented.
pub(crate) const FEW_CONNECTIONS: i32 = 5;

/// One documented step: it reads the world into facts, and a pure function makes facts into a plan.
pub(crate) trait Step {
    const ID: StepId;
    /// What and why, in one or two sentences; shown when the step opens and on "explain".
    const WHY: &'static str;
    /// Where Stitch documents it, below the docs base address.
    const LINK: &'static str;
    /// The steps without whose changes this one's would fail.
    const NEEDS: &'static [StepId] = &[];
    /// Whether it can be inspected before the first change of a run.
    const PREFLIGHT: Preflight = Preflight::Always;
    /// Whether it is still inspected, in a run that changes nothing, after another step failed.
    const AFTER_FAILURE: AfterFailure = AfterFailure::Skip;
    /// Which reason is given where it is both left out by choice and blocked by what an earlier step found.
    const SKIP_REASON: SkipReason = SkipReason::Blocked;
    /// Who can run its changes as a script; the script for the first one also says what must be done by hand.
    const SCRIPTED_FOR: &'static [Audience] = &[];
    /// Why `remove` has nothing to do for it, where it has not.
    const KEPT: &'static str = "nothing of it stays behind";
    /// What was read. The default is *nothing exists yet*, so that a plan from the default is the offline script.
    type Facts: Default;

    /// The reason to leave the step out, if there is one.
    fn skip(_settings: &Settings) -> Option<&'static str> {
        None
    }

    /// Reads only. Something absent is a value, never an error.
    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Self::Facts>;

    /// Reads what decides whether a run may begin, where the step is inspected again before its turn.
    async fn inspect_ahead(settings: &Settings, reader: &mut Reader) -> Result<Self::Facts> {
        Self::inspect(settings, reader).await
    }

    /// What only the user can choose once the facts are known; asked on a terminal, before the plan is made.
    fn question(_settings: &Settings, _facts: &Self::Facts) -> Option<Choice> {
        None
    }

    /// Clears the answer, so that the question is asked again; returns whether the step has a question.
    fn reopen(_settings: &mut Settings) -> Chooses {
        Chooses::No
    }

    /// Puts the answer into the settings.
    fn answer(_settings: &mut Settings, _chosen: &Chosen) {}

    /// Pure and deterministic.
    fn plan(settings: &Settings, facts: &Self::Facts) -> Plan;

    /// Shows what only doing can show, in `check` and `setup`, where nothing is left to change. `report`: the steps before.
    async fn prove(_settings: &Settings, _prover: &mut Prover<'_>, _report: &Report) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }

    /// Reported in place of the proof by `plan`.
    fn not_proved() -> Vec<Finding> {
        Vec::new()
    }

    /// Called once its changes are made. Returns a secret that cannot be read later, and what it is.
    fn after_applied(_settings: &mut Settings) -> Option<(&'static str, Secret)> {
        None
    }
}

/// Whether a step can be inspected before the first change of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preflight {
    Always,
    /// Unless that step has changes to make first.
    Unless(StepId),
    /// Not before the changes of the steps before it are made.
    Never,
}

/// What happens to a step after another one failed, in a run that changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    /// It depends on the same server, so it is skipped.
    Skip,
    /// It is about another server, so it is inspected.
    Inspect,
}

/// The reason that is given for a step that is both left out by choice and blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SkipReason {
    /// What blocks it.
    Blocked,
    /// That it was not asked for.
    NotRequested,
}

/// What `remove` does about a step that leaves nothing to be removed: it says why.
pub(crate) struct Kept<S>(PhantomData<S>);

impl<S: Step> Step for Kept<S> {
    const ID: StepId = S::ID;
    const WHY: &'static str = S::WHY;
    const LINK: &'static str = S::LINK;
    type Facts = ();

    fn skip(_settings: &Settings) -> Option<&'static str> {
        Some(S::KEPT)
    }

    async fn inspect(_settings: &Settings, _reader: &mut Reader) -> Result<()> {
        Ok(())
    }

    fn plan(_settings: &Settings, (): &()) -> Plan {
        Plan::default()
    }
}

/// What is left to a role that may create it: how the provider does that, and the statement. The roles that can run it are
/// named where names are known.
fn who_creates(making: Option<&str>, roles: &[String], right: &str, statement: &Statement) -> String {
    let who = match roles {
        [] => format!("a superuser, or a role with {right},"),
        _ => format!("one of {}", one_line(&roles.join(", "))),
    };
    let making = making.map(|how| format!("{how} ")).unwrap_or_default();
    format!("{making}{who} runs: {statement};")
}
