//! The plain voice for a run that should find everything ready: then a line for each step is enough.

use anyhow::Result;

use crate::ask::{Choice, Chosen};
use crate::change::Plan;
use crate::console::plain::Plain;
use crate::console::{Console, Decision, Event, edge, words};
use crate::finding::Verdict;
use crate::report::{Outcome, Report, StepReport};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::step_id::StepId;

/// Speaks up like [`Plain`] when anything is not as expected.
pub(super) struct Brief(pub(super) Plain);

impl Console for Brief {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        self.0.event(event)
    }

    async fn decide(&mut self, id: StepId, why: &'static str, plan: &Plan) -> Result<Decision> {
        self.0.decide(id, why, plan).await
    }

    async fn choose(&mut self, choice: &Choice) -> Result<Chosen> {
        self.0.choose(choice).await
    }

    fn show_once(&mut self, what: &str, secret: &Secret) -> Result<()> {
        self.0.show_once(what, secret)
    }

    fn finish(&mut self, report: &Report, settings: &Settings) -> Result<()> {
        if report.exit_code() != 0 || !report.steps.iter().all(is_expected) {
            return self.0.finish(report, settings);
        }
        for step in &report.steps {
            edge::show(&format!("{}: {}", words::title(step.step), state(&step.outcome)))?;
        }
        Ok(edge::show(&format!("\n{}", words::last_line(report)))?)
    }
}

fn is_expected(step: &StepReport) -> bool {
    matches!(step.outcome, Outcome::Ready(_) | Outcome::Skipped(_))
}

fn state(outcome: &Outcome) -> String {
    let Some(plan) = outcome.plan() else {
        return "skipped".to_owned();
    };
    let count = |verdict| {
        plan.findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    };
    match (count(Verdict::Good), count(Verdict::Unknown)) {
        (good, 0) => format!("ready ({good} looked at and good)"),
        (good, unknown) => format!("ready ({good} looked at and good, {unknown} unknown from here)"),
    }
}
