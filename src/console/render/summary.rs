//! Where a run stands: every step in one line, before and after, and the last line with how to go on.

use std::fmt::Write as _;

use crate::command::Command;
use crate::console::style::Style;
use crate::finding::{Verdict, grouped};
use crate::plural::pluralize;
use crate::report::{Digest, Outcome, Report, StepReport, Summary};
use crate::settings::Settings;
use crate::visible;

/// Every step in one line: its name, how it ended, and what a person should know of it.
pub(crate) fn summary(look: &Style, report: &Report) -> String {
    let steps = report.steps.iter().map(|step| line(look, step, When::After));
    let lines: Vec<String> = std::iter::once(look.bold("Summary")).chain(steps).collect();
    lines.join("\n")
}

/// One step of the same, before anything is changed.
pub(crate) fn step_line(look: &Style, step: &StepReport) -> String {
    line(look, step, When::Before)
}

/// Said when every step was looked at.
pub(crate) fn nothing_yet(look: &Style) -> String {
    let promise = "Nothing is changed yet. Each step comes now in its turn, and asks first.";
    look.fold("", 0, promise)
}

/// Whether a step is told before or after the changes.
#[derive(Clone, Copy)]
enum When {
    Before,
    After,
}

fn line(look: &Style, step: &StepReport, when: When) -> String {
    let name = format!("  {:<13} ", step.step.as_str());
    look.fold(&name, 16, &visible::one_line(&in_one_line(&step.outcome, when)))
}

fn in_one_line(outcome: &Outcome, when: When) -> String {
    let changes = outcome.plan().map_or(0, |plan| plan.changes.len());
    let mut text = match outcome {
        Outcome::Skipped(reason) if matches!(when, When::Before) => reason.clone(),
        Outcome::Failed(..) if matches!(when, When::Before) => "could not be looked at".to_owned(),
        Outcome::Pending(_) if matches!(when, When::Before) => format!("{} to make", pluralize(changes, "change")),
        Outcome::Ready(plan) if plan.findings.iter().any(|finding| finding.verdict == Verdict::Bad) => {
            "needs a person".to_owned()
        }
        Outcome::Ready(_) => "ready".to_owned(),
        Outcome::Applied(_) => format!("{} made", pluralize(changes, "change")),
        Outcome::Pending(_) => format!("{} not made", pluralize(changes, "change")),
        Outcome::Skipped(_) => "skipped".to_owned(),
        Outcome::Failed(..) => "failed, see above".to_owned(),
    };
    for (verdict, word) in [(Verdict::Bad, "wrong"), (Verdict::Unknown, "unknown")] {
        let number = finding_count(outcome, verdict);
        if number > 0 {
            let _ = write!(text, ", {number} {word}");
        }
    }
    text
}

/// How many findings of that verdict are told: those that say the same of several subjects are told once.
fn finding_count(outcome: &Outcome, verdict: Verdict) -> usize {
    let findings = outcome.plan().map(|plan| plan.findings.as_slice()).unwrap_or_default();
    let finding_count = grouped(findings)
        .into_iter()
        .filter(|(first, _)| first.verdict == verdict);
    finding_count.count()
}

/// What a later `setup --expect` holds its own plan against; only where something would be changed and was not.
pub(crate) fn approval(look: &Style, report: &Report, settings: &Settings) -> Option<String> {
    let command = match (report.command, report.summary()) {
        (Command::Plan, _) => "setup",
        (Command::Remove, Summary::Pending) => "remove",
        _ => return None,
    };
    let digest = Digest::of(report, settings)?;
    Some(look.fold(
        "",
        2,
        &format!("Digest of this plan: {digest} ({command} --expect DIGEST makes these changes and no others)"),
    ))
}

/// The last line: where we stand, and how to go on.
pub(crate) fn last_line(report: &Report) -> String {
    let bad: usize = report
        .steps
        .iter()
        .map(|step| finding_count(&step.outcome, Verdict::Bad))
        .sum();
    let pending: usize = report
        .steps
        .iter()
        .map(|step| match &step.outcome {
            Outcome::Pending(plan) => plan.changes.len(),
            _ => 0,
        })
        .sum();
    let need = if bad == 1 { "needs" } else { "need" };
    let findings = format!("{} {need} a person", pluralize(bad, "finding"));
    let person = match bad {
        0 => String::new(),
        _ => format!(", and {findings}"),
    };
    let them = if pending == 1 { "it" } else { "them" };
    match report.summary() {
        Summary::Ready | Summary::Applied if report.command == Command::Remove => {
            "Removed: nothing of Stitch's access is left, as far as it is told above.".to_owned()
        }
        Summary::Ready => "Ready: nothing to change.".to_owned(),
        Summary::Applied => "Ready: every change was made and looked at again.".to_owned(),
        Summary::Pending if report.command == Command::Remove => format!(
            "Pending: {} not made{person}. Run stitch-pg remove --yes to make {them}.",
            pluralize(pending, "change")
        ),
        Summary::Pending if report.command == Command::Setup => format!(
            "Pending: {} not made{person}. Run stitch-pg again to make {them}.",
            pluralize(pending, "change")
        ),
        Summary::Pending => format!(
            "Pending: {}{person}. Run stitch-pg setup to make {them}.",
            pluralize(pending, "change")
        ),
        Summary::Attention => format!(
            "Attention: {findings}, marked wrong above; nothing is left for stitch-pg to change. When it is mended, run \
             stitch-pg check."
        ),
        Summary::Failed => format!(
            "Failed: {}. What was done stays done; mend it and run the same command again to go on.",
            report
                .failed_step()
                .map_or_else(String::new, |step| format!("the step {step}, see above"))
        ),
        Summary::Stopped => "Stopped. What was done stays done; run the same command again to go on.".to_owned(),
    }
}
