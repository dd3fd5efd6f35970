//! Which steps are still worth walking after what the earlier ones found: nothing is changed on top of a failure, and no
//! role is made for a database that cannot be.

use super::dispatch::{Goal, about};
use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::report::{Outcome, Report, StepReport};
use crate::settings::Settings;
use crate::step_id::StepId;
use crate::steps::{AfterFailure, SkipReason};

/// The outcome of a step that is not walked: it is not selected, or something before it failed or is a problem.
pub(super) fn not_reached(goal: Goal, id: StepId, settings: &Settings, report: &Report) -> Option<Outcome> {
    if !settings.steps.contains(&id) {
        return Some(Outcome::Skipped("not selected by --only or --skip".to_owned()));
    }
    let step = about(goal, id);
    // Inspecting another server does no harm; changing further, on top of a failure, might.
    let looks_on = step.after_failure == AfterFailure::Inspect && !report.command.makes_changes();
    if let Some(failed) = report.steps.iter().find(|step| !looks_on && failed(step)) {
        let reason = format!("the step {} failed", failed.step);
        return Some(Outcome::Untested(reason, Plan::default()));
    }
    // A step that was not asked for gives the reason itself.
    if step.skip_reason == SkipReason::NotRequested && (step.skip)(settings).is_some() {
        return None;
    }
    let is_wall = |finding: &&Finding| finding.code.effect().blocks.contains(&id);
    let wall = report.findings().find(is_wall)?;
    Some(Outcome::Untested(wall.text.clone(), Plan::default()))
}

/// The steps whose changes you refused. What builds on them would only fail, with an error that does not name the cause.
pub(super) fn declined_steps(report: &Report) -> Vec<StepId> {
    let is_refused = |step: &&StepReport| report.command.makes_changes() && matches!(step.outcome, Outcome::Pending(_));
    report.steps.iter().filter(is_refused).map(|step| step.step).collect()
}

fn failed(step: &StepReport) -> bool {
    matches!(step.outcome, Outcome::Failed(..))
}

/// Whether it says that something is missing which this login cannot make.
pub(super) fn blocks_unattended_run(code: Code) -> bool {
    let effect = code.effect();
    effect.needs_rights || !effect.blocks.is_empty()
}
