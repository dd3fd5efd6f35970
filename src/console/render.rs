//! Plans and outcomes in words, the same for the terminal and for logs.

use std::time::Duration;

use crate::change::{Action, Change, Plan, Progress};
use crate::console::style::Style;
use crate::finding::{Finding, Verdict, grouped};
use crate::report::Outcome;
use crate::step_id::StepId;
use crate::visible;

mod summary;
pub(crate) use summary::last_line;
pub(super) use summary::{approval, nothing_yet, step_line, summary};

/// Longest excerpt of one change's commands in text; JSON and scripts have them whole.
const LINES_SHOWN: usize = 8;

/// `2/7 database`.
pub(crate) fn title(id: StepId) -> String {
    let position = StepId::ALL.iter().position(|step| *step == id).unwrap_or_default() + 1;
    format!("{position}/{} {id}", StepId::ALL.len())
}

/// Findings that say the same of several subjects are told once, with the subjects below; JSON keeps one each.
pub(super) fn findings(look: &Style, all: &[Finding]) -> String {
    let texts = grouped(all)
        .into_iter()
        .map(|(first, subjects)| finding(look, first, &subjects));
    texts.collect::<Vec<_>>().join("\n")
}

/// A finding, with what it is about and what to do next below it.
fn finding(look: &Style, finding: &Finding, subjects: &[&str]) -> String {
    let lead = format!("  {} ", look.verdict(finding.verdict));
    let mut text = look.fold(&lead, 4, &visible::one_line(&finding.told()));
    let untold: Vec<&str> = subjects
        .iter()
        .copied()
        .filter(|subject| !finding.text.contains(subject))
        .collect();
    if !untold.is_empty() {
        text.push('\n');
        text.push_str(&look.fold("    for: ", 6, &visible::one_line(&untold.join(", "))));
    }
    if let Some(advice) = &finding.advice {
        text.push('\n');
        text.push_str(&look.fold("    next: ", 6, advice));
    }
    text
}

/// A change: what it would do, and the exact command.
pub(super) fn change(look: &Style, change: &Change) -> String {
    let place = match &change.action {
        Action::Sql(sql) => format!(" (in the database {:?})", sql.database.as_str()),
        Action::Host(_) => " (as root on the SSH server)".to_owned(),
        Action::Ingress(_) => " (as root there)".to_owned(),
        Action::AddHbaLines(_) | Action::RemoveHbaLines(_) => " (on PostgreSQL's machine)".to_owned(),
        Action::Http(_) => " (in Stitch)".to_owned(),
        Action::SaveSecret { .. } => " (on this machine)".to_owned(),
    };
    let lead = format!("  {} ", look.pending());
    let head = look.fold(
        &lead,
        4,
        &visible::one_line(&format!("Would {}{}", change.summary, place)),
    );
    format!("{head}\n{}", command(&change.action, words_for(change)))
}

/// The first lines of a command, indented; never folded, so that it can be copied. A request is shown whole: every
/// field of it matters, and it is short.
fn command(action: &Action, rest: &str) -> String {
    let text = action.to_string();
    let text = visible::text(&text);
    let lines: Vec<&str> = text.lines().collect();
    let most = if matches!(action, Action::Http(_)) {
        lines.len()
    } else {
        LINES_SHOWN
    };
    let shown = lines.iter().take(most).map(|line| format!("      {line}"));
    let mut shown: Vec<String> = shown.collect();
    if lines.len() > most {
        shown.push(format!(
            "      ... {} {rest} (script or --format json shows all)",
            grouped_by_thousands(lines.len() - most)
        ));
    }
    shown.join("\n")
}

/// What the lines are that are left out.
fn words_for(change: &Change) -> &'static str {
    match change.piecemeal() {
        Some(_) => "like these",
        None => "more lines",
    }
}

/// `9,990`.
fn grouped_by_thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

/// Findings first, then changes.
pub(super) fn plan(look: &Style, plan: &Plan) -> String {
    let findings = (!plan.findings.is_empty()).then(|| findings(look, &plan.findings));
    let changes = plan.changes.iter().map(|item| change(look, item));
    findings.into_iter().chain(changes).collect::<Vec<_>>().join("\n")
}

/// One step's outcome for a log.
pub(super) fn outcome(look: &Style, id: StepId, outcome: &Outcome) -> String {
    let mut parts = Vec::new();
    match outcome {
        Outcome::Skipped(reason) => {
            return format!("{}: skipped, {}", look.bold(&title(id)), visible::one_line(reason));
        }
        Outcome::Ready(_) => parts.push(format!("{}: ready", look.bold(&title(id)))),
        Outcome::Applied(_) => parts.push(format!("{}: applied, and looked at again", look.bold(&title(id)))),
        Outcome::Pending(_) => parts.push(format!("{}: changes pending", look.bold(&title(id)))),
        Outcome::Failed(..) => parts.push(format!("{}: failed", look.bold(&title(id)))),
    }
    if let Some(known) = outcome.plan() {
        let beside: Vec<Finding> = known
            .findings
            .iter()
            .filter(|finding| !outcome.says(finding))
            .cloned()
            .collect();
        if !beside.is_empty() {
            parts.push(findings(look, &beside));
        }
        match outcome {
            Outcome::Applied(_) => parts.extend(known.changes.iter().map(|item| applied(look, item))),
            _ => parts.extend(known.changes.iter().map(|item| change(look, item))),
        }
    }
    if let Outcome::Failed(error, ..) = outcome {
        parts.push(failure(look, error));
    }
    parts.join("\n")
}

/// The outcome of a step that had nothing to change, in one line.
pub(super) fn brief(id: StepId, outcome: &Outcome) -> String {
    let Some(plan) = outcome.plan() else {
        return format!("{}: skipped", title(id));
    };
    let count = |verdict| {
        plan.findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    };
    let unknown = match count(Verdict::Unknown) {
        0 => String::new(),
        unknown => format!(", {unknown} unknown from here"),
    };
    format!(
        "{}: ready ({} looked at and good{unknown})",
        title(id),
        count(Verdict::Good)
    )
}

/// A change that was made.
pub(super) fn applied(look: &Style, change: &Change) -> String {
    let done = format!("done: {}", visible::one_line(&change.summary));
    let head = look.fold(&format!("  {} ", look.done()), 4, &done);
    format!("{head}\n{}", command(&change.action, words_for(change)))
}

/// A change that was made just now. Its time is told where somebody had to wait for it.
pub(super) fn just_made(look: &Style, change: &Change, elapsed: Duration) -> String {
    let time = match elapsed.as_secs() {
        0..10 => String::new(),
        seconds => format!(" (took {seconds} s)"),
    };
    look.fold(
        &format!("  {} ", look.done()),
        4,
        &format!("done: {}{time}", visible::one_line(&change.summary)),
    )
}

/// Why nothing was begun.
pub(super) fn not_begun(look: &Style, cannot: &[&Finding]) -> String {
    let mut lines = vec![look.fold(
        "",
        0,
        "Nothing was changed: this login can make only a part of what is missing. Have the rest made first, as said, or \
         give --partial to make that part now.",
    )];
    lines.extend(
        cannot
            .iter()
            .map(|finding| look.fold("  - ", 4, &visible::one_line(&finding.text))),
    );
    lines.join("\n")
}

/// Why nothing was begun, with the difference as it is: a diff is not folded.
pub(super) fn not_expected(difference: &str) -> String {
    format!("Nothing was changed. {difference}\n")
}

/// How far a change is that goes object by object, where no bar can be drawn.
pub(super) fn progress(progress: &Progress, elapsed: Duration) -> String {
    let per_second = rate(progress, elapsed);
    let busy = busy(progress);
    format!(
        "{} of {} objects, {per_second} a second{busy}",
        progress.done, progress.total
    )
}

/// `, 3 in use`, or nothing.
pub(super) fn busy(progress: &Progress) -> String {
    match progress.busy {
        0 => String::new(),
        busy => format!(", {busy} in use and tried again later"),
    }
}

fn rate(progress: &Progress, elapsed: Duration) -> u128 {
    progress.done as u128 * 1000 / elapsed.as_millis().max(1)
}

pub(super) fn failure(look: &Style, error: &anyhow::Error) -> String {
    look.fold(
        &format!("  {} ", look.failed()),
        4,
        &visible::message(&format!("{error:#}")),
    )
}
