//! Where a run stands: every step in one line, before and after, and the last line with how to go on.

use crate::command::Command;
use crate::console::style::Style;
use crate::finding::{Code, Finding, Verdict, grouped};
use crate::plural::pluralize;
use crate::report::{Digest, Outcome, Report, StepReport, Summary};
use crate::settings::Settings;
use crate::visible;

use super::title;

/// The headline of a step: `2/7 database: 1 change`.
pub(crate) fn headline(look: &Style, step: &StepReport) -> String {
    let lead = format!("{}: ", look.bold(&title(step.step)));
    look.fold(&lead, 2, &visible::one_line(&words(&step.outcome)))
}

/// How a step stands. *Ready* never stands above a problem.
fn words(outcome: &Outcome) -> String {
    let changes = outcome.plan().map_or(0, |plan| plan.changes.len());
    let problems = count(outcome, Verdict::Bad);
    let mut parts = match outcome {
        Outcome::Skipped(reason) => return format!("skipped ({reason})"),
        Outcome::Untested(reason, _) => return format!("not tested yet ({reason})"),
        Outcome::Failed(..) => return "failed".to_owned(),
        Outcome::Ready(_) if problems > 0 => Vec::new(),
        Outcome::Ready(_) => vec!["ready".to_owned()],
        Outcome::Applied(_) => vec![format!("{} made and verified", pluralize(changes, "change"))],
        Outcome::Pending(_) => vec![pluralize(changes, "change")],
    };
    if problems > 0 {
        parts.push(pluralize(problems, "problem"));
    }
    match count(outcome, Verdict::Unknown) {
        0 => {}
        open => parts.push(format!("{open} left for you")),
    }
    parts.join(", ")
}

/// How many findings of that verdict are shown: those that say the same of several subjects are shown once.
fn count(outcome: &Outcome, verdict: Verdict) -> usize {
    let plan = outcome.plan().filter(|_| !matches!(outcome, Outcome::Untested(..)));
    let told = grouped(plan.iter().flat_map(|plan| &plan.findings)).into_iter();
    let is_counted = |first: &Finding| first.verdict == verdict && (first.is_open() || verdict != Verdict::Unknown);
    told.filter(|(first, _)| is_counted(first) && first.code != Code::LayerNotReached)
        .count()
}

fn total(report: &Report, verdict: Verdict) -> usize {
    report.steps.iter().map(|step| count(&step.outcome, verdict)).sum()
}

/// What is left: problems, or what only your DBA, another admin or Stitch itself can confirm.
pub(crate) fn left(look: &Style, report: &Report, verdict: Verdict) -> Vec<String> {
    let outcomes = report.steps.iter().map(|step| &step.outcome);
    let tested = outcomes.filter(|outcome| !matches!(outcome, Outcome::Untested(..)));
    let findings = tested
        .filter_map(Outcome::plan)
        .flat_map(|plan| &plan.findings)
        .filter(|finding| finding.verdict == verdict && finding.code != Code::LayerNotReached)
        .filter(|finding| verdict == Verdict::Bad || finding.is_open());
    super::findings(look, findings, super::Detail::Brief)
}

/// What a later `setup --expect` holds its own plan against; only where something would be changed and was not.
pub(crate) fn approval(look: &Style, report: &Report, settings: &Settings) -> Option<String> {
    let command = match (report.command, report.summary()) {
        (Command::Plan, _) => "setup",
        (Command::Remove, Summary::Pending) => "remove",
        _ => return None,
    };
    let digest = Digest::of(report, settings)?;
    let text = format!("Digest of this plan: {digest} (approve it with {command} --expect DIGEST)");
    Some(look.fold("", 2, &text))
}

/// The last line: where we stand, and how to go on.
pub(crate) fn last_line(report: &Report) -> String {
    let (problems, open) = (total(report, Verdict::Bad), total(report, Verdict::Unknown));
    let (mut pending, mut made) = (0, 0);
    for step in &report.steps {
        match &step.outcome {
            Outcome::Pending(plan) => pending += plan.changes.len(),
            Outcome::Applied(plan) => made += plan.changes.len(),
            _ => {}
        }
    }
    let done = match made {
        0 => "nothing had to be changed".to_owned(),
        made => format!("{} made and verified", pluralize(made, "change")),
    };
    let left = format!("{} left for you", pluralize(open, "thing"));
    match report.summary() {
        Summary::Ready | Summary::Applied if report.command == Command::Remove && open > 0 => {
            format!("Removed: {done}; {left} (? above).")
        }
        Summary::Ready | Summary::Applied if report.command == Command::Remove => {
            format!("Removed: {done}. Stitch has no access.")
        }
        Summary::Ready | Summary::Applied if open > 0 && report.command == Command::Setup => {
            format!("Almost ready: {left}. {}.", capitalized(&done))
        }
        Summary::Ready | Summary::Applied if open > 0 => format!("Almost ready: {left} (? above)."),
        Summary::Ready | Summary::Applied if report.command == Command::Setup => {
            format!("Done: {done}. Next: enter these values in Stitch.")
        }
        Summary::Ready | Summary::Applied if report.command == Command::Plan => {
            "Ready: nothing to change. Next: stitch-pg check".to_owned()
        }
        Summary::Ready | Summary::Applied => "Ready: everything is in place and verified.".to_owned(),
        Summary::Pending => {
            let also = match problems {
                0 => String::new(),
                _ => format!(", {}", pluralize(problems, "problem")),
            };
            let next = match report.command {
                Command::Remove => "stitch-pg remove --yes",
                _ => "stitch-pg setup",
            };
            format!("{} to make{also}. Next: {next}", pluralize(pending, "change"))
        }
        Summary::Attention => {
            let also = match made {
                0 => String::new(),
                _ => format!(" {}.", capitalized(&done)),
            };
            format!(
                "Not ready: {} (see above).{also} Fix {} and run: stitch-pg check",
                pluralize(problems, "problem"),
                if problems == 1 { "it" } else { "them" }
            )
        }
        Summary::Failed => {
            let failed = report.failed_step().map_or_else(String::new, |step| step.to_string());
            let kept = Some(" Completed changes were kept.").filter(|_| report.command.makes_changes());
            let kept = kept.unwrap_or_default();
            format!("Failed: {failed} (see above).{kept} Fix the cause and run the command again.")
        }
        Summary::Stopped => STOPPED.to_owned(),
    }
}

/// Said at the end of a run that was stopped before its first change.
pub(crate) const UNTOUCHED: &str = "Stopped. Nothing was changed. Run the same command again to continue.";
/// Printed at the end of a run that was stopped.
pub(crate) const STOPPED: &str = "Stopped. Completed changes were kept. Run the same command again to continue.";

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
