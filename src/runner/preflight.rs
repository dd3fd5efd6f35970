//! Every step is planned before the first change, so that an unattended run does not begin when this login can do only a part of
//! it. The plans are kept and used where nothing has changed since, so that planning ahead costs next to nothing.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::Result;

use super::dispatch::{Goal, about, planned};
use super::failure::failed;
use super::gating::{blocks_unattended_run, not_reached};
use super::walk::{Look, Run, Start};
use crate::change::Plan;
use crate::command::Command;
use crate::console::{Console, Event};
use crate::finding::{Finding, Verdict as FindingVerdict};
use crate::report::{Outcome, Report, StepReport};
use crate::settings::Settings;
use crate::step_id::StepId;
use crate::steps::Preflight;

/// The plans that were made ahead.
#[derive(Default)]
pub(super) struct PlannedSteps(BTreeMap<StepId, Plan>);

impl PlannedSteps {
    /// The plan of a step, unless something that it was made on has been changed since.
    pub(super) fn of(&mut self, goal: Goal, id: StepId, report: &Report) -> Option<Plan> {
        let made = |needed: &StepId| {
            let step = report.steps.iter().find(|step| step.step == *needed);
            step.is_some_and(|step| matches!(step.outcome, Outcome::Applied(_) | Outcome::Failed(..)))
        };
        let stale = about(goal, id).needs.iter().any(made);
        self.0.remove(&id).filter(|_| !stale)
    }
}

/// Looks at every step that could change something; says nothing, unless the run is not to be begun: then what was found is
/// all of it.
pub(super) async fn preflight<C: Console>(
    settings: &mut Settings,
    run: &mut Run<'_, C>,
) -> Result<ControlFlow<Vec<StepReport>, PlannedSteps>> {
    run.console.event(&Event::Checking)?;
    let seen = plan_every_step(settings, run).await?;
    if seen.failed_step().is_some() {
        return Ok(ControlFlow::Break(seen.steps));
    }
    let expected = run.expected.as_mut();
    if let Some(difference) = expected.and_then(|expected| expected.refusal(&seen, settings)) {
        run.console.event(&Event::NotExpected(&difference))?;
        return Ok(ControlFlow::Break(seen.steps));
    }
    let changes = seen.changes().next().is_some();
    let blocks = |finding: &&Finding| finding.verdict == FindingVerdict::Bad && blocks_unattended_run(finding.code);
    let cannot: Vec<&Finding> = seen.findings().filter(blocks).collect();
    if run.start == Start::Whole && changes && !cannot.is_empty() {
        run.console.event(&Event::NotBegun(&cannot))?;
        return Ok(ControlFlow::Break(seen.steps));
    }
    let plans = seen.steps.into_iter().filter_map(|step| match step.outcome {
        Outcome::Ready(plan) | Outcome::Pending(plan) => Some((step.step, plan)),
        _ => None,
    });
    // What is taken away depends on what was taken away before it.
    let kept = run.command != Command::Remove;
    Ok(ControlFlow::Continue(PlannedSteps(plans.filter(|_| kept).collect())))
}

/// Checks every step and shows what is there, so that you see what lies ahead.
pub(super) async fn overview<C: Console>(settings: &mut Settings, run: &mut Run<'_, C>) -> Result<()> {
    run.console.event(&Event::Checking)?;
    plan_every_step(settings, run).await?;
    run.console.event(&Event::AllChecked)
}

async fn plan_every_step<C: Console>(settings: &mut Settings, run: &mut Run<'_, C>) -> Result<Report> {
    let goal = Goal::from(run.command);
    let mut seen = Report::new(Command::Plan);
    for id in goal.order() {
        let began = Instant::now();
        let outcome = match not_reached(goal, id, settings, &seen) {
            Some(outcome) => outcome,
            None => one(id, settings, run, &seen).await,
        };
        let step = StepReport::ended(id, outcome, began, &settings.acknowledged);
        run.console.event(&Event::Checked(&step))?;
        seen.steps.push(step);
    }
    seen.server = run.world.reader().known_server().cloned();
    seen.host_key = run.world.reader().host_key();
    Ok(seen)
}

/// The reason for a step that cannot be inspected yet.
const AFTER_CHANGES: &str = "after the changes above";

async fn one<C: Console>(id: StepId, settings: &mut Settings, run: &mut Run<'_, C>, seen: &Report) -> Outcome {
    let goal = Goal::from(run.command);
    let step = about(goal, id);
    if let Some(reason) = (step.skip)(settings) {
        return Outcome::Skipped(reason.to_owned());
    }
    let is_early = match step.preflight {
        Preflight::Always => false,
        Preflight::Unless(changed) => is_pending(seen, changed),
        Preflight::Never => true,
    };
    if is_early {
        return Outcome::Untested(AFTER_CHANGES.to_owned(), Plan::default());
    }
    // It is checked again in its turn, since the changes before it make this plan out of date. Where you approve each step, or an
    // approved plan is compared, all of it is shown now.
    let again = run.start == Start::Whole && run.command == Command::Setup && run.expected.is_none();
    let look = if again && step.needs.iter().any(|needed| is_pending(seen, *needed)) {
        Look::Ahead
    } else {
        Look::Whole
    };
    match planned(goal, id, settings, run, look).await {
        Ok(plan) if plan.changes.is_empty() => Outcome::Ready(plan),
        Ok(plan) => Outcome::Pending(plan),
        Err(error) => failed(error),
    }
}

fn is_pending(seen: &Report, id: StepId) -> bool {
    seen.steps
        .iter()
        .any(|step| step.step == id && matches!(step.outcome, Outcome::Pending(_)))
}
