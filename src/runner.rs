//! The linear runner: every step in its order, each one checked, shown, asked about, changed and checked again.

mod contention;
pub(crate) mod dispatch;
mod failure;
mod gating;
mod preflight;
mod walk;

use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::Result;

use crate::console::{Console, Event};
use crate::report::{Ending, Report, StepReport};
use crate::settings::Settings;

use dispatch::Goal;
use failure::failed;
use gating::{declined_steps, not_reached};
use preflight::PlannedSteps;
use walk::{StepContext, Stop};

pub(crate) use walk::{Run, Start};

/// Walks through all steps. Fails only where no report can be made; a step's failure is in the report. The report is the caller's,
/// so that it shows how far an interrupted run came.
pub(crate) async fn run<C: Console>(settings: &mut Settings, run: &mut Run<'_, C>, report: &mut Report) -> Result<()> {
    let goal = Goal::from(run.command);
    let mut known = PlannedSteps::default();
    if run.command.makes_changes() {
        // A digest was approved, so nothing may be begun before it is compared.
        if run.start == Start::Whole || run.expected.is_some() {
            match preflight::preflight(settings, run).await? {
                ControlFlow::Continue(plans) => known = plans,
                ControlFlow::Break(steps) => {
                    report.steps = steps;
                    return Ok(());
                }
            }
        } else if run.start == Start::Overview {
            preflight::overview(settings, run).await?;
        }
    }
    for id in goal.order() {
        let began = Instant::now();
        let mut times = Vec::new();
        let outcome = if let Some(outcome) = not_reached(goal, id, settings, report) {
            Ok(outcome)
        } else {
            let before = StepContext {
                undone: declined_steps(report),
                plan: known.of(goal, id, report),
                report,
            };
            dispatch::walk(goal, id, settings, run, &mut times, before).await
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(Stop::Quit) => {
                report.ending = Ending::Stopped;
                break;
            }
            Err(Stop::Error(error)) => failed(error),
        };
        let step = StepReport {
            change_times: times,
            ..StepReport::ended(id, outcome, began, &settings.acknowledged)
        };
        run.console.event(&Event::Ended(&step))?;
        report.steps.push(step);
    }
    Ok(())
}
