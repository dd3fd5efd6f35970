//! Which steps are still worth walking after what the earlier ones found: nothing is changed on top of a failure, and no
//! role is made for a database that cannot be.

use super::dispatch::{Goal, about};
use crate::change::Plan;
use crate::finding::Code;
use crate::report::{Outcome, Report, StepReport};
use crate::settings::Settings;
use crate::step_id::StepId;
use crate::steps::{AfterFailure, SkipReason};

/// Why a step is not walked.
pub(super) enum NotWalked {
    /// Nobody wants it.
    Skipped(String),
    /// Something before it failed or is wrong.
    Blocked(String),
}

impl NotWalked {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Skipped(reason) => Outcome::Skipped(reason),
            Self::Blocked(reason) => Outcome::Untested(reason, Plan::default()),
        }
    }
}

/// The reason a step is not walked, if there is one.
pub(super) fn not_reached(goal: Goal, id: StepId, settings: &Settings, report: &Report) -> Option<NotWalked> {
    if !settings.steps.contains(&id) {
        return Some(NotWalked::Skipped("not selected by --only or --skip".to_owned()));
    }
    let step = about(goal, id);
    // Inspecting another server does no harm; changing further, on top of a failure, might.
    let looks_on = step.after_failure == AfterFailure::Inspect && !report.command.makes_changes();
    if let Some(failed) = report.steps.iter().find(|step| !looks_on && failed(step)) {
        return Some(NotWalked::Blocked(format!("the step {} failed", failed.step)));
    }
    // What nobody asked for says so by itself.
    if step.skip_reason == SkipReason::NotRequested && (step.skip)(settings).is_some() {
        return None;
    }
    let wall = report
        .findings()
        .find(|finding| finding.code.effect().blocks.contains(&id))?;
    Some(NotWalked::Blocked(wall.text.clone()))
}

/// The steps whose changes a person refused: what builds on them would only fail, and obscurely.
pub(super) fn declined_steps(report: &Report) -> Vec<StepId> {
    let refused = report
        .steps
        .iter()
        .filter(|step| report.command.makes_changes() && matches!(step.outcome, Outcome::Pending(_)));
    refused.map(|step| step.step).collect()
}

fn failed(step: &StepReport) -> bool {
    matches!(step.outcome, Outcome::Failed(..))
}

/// Whether it says that something is missing which this login cannot make.
pub(super) fn blocks_unattended_run(code: Code) -> bool {
    let effect = code.effect();
    effect.needs_rights || !effect.blocks.is_empty()
}
