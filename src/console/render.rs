//! Plans and outcomes in words, the same for the terminal and for logs.

use std::time::{Duration, Instant};

use crate::change::{Action, Change, Plan, Progress, as_one, in_one_go};
use crate::console::sheet;
use crate::console::style::Style;
use crate::finding::{Code, Finding, Verdict, grouped};
use crate::report::{Outcome, StepReport};
use crate::step_id::StepId;
use crate::visible;

mod summary;
pub(crate) use summary::UNTOUCHED;
pub(crate) use summary::{STOPPED, last_line};
pub(super) use summary::{approval, headline, left};

/// Longest excerpt of one change's commands in text; JSON and scripts have them whole.
const LINES_SHOWN: usize = 8;
/// So many of the first and of the last lines of a longer one.
const LINES_AT_ENDS: (usize, usize) = (5, 3);

/// `2/7 database`.
pub(crate) fn title(id: StepId) -> String {
    let position = StepId::ALL.iter().position(|step| *step == id).unwrap_or_default() + 1;
    format!("{position}/{} {id}", StepId::ALL.len())
}

/// How much is shown of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// What is wrong.
    Problems,
    /// And what would be changed.
    Changes,
    /// And what is left for others.
    Open,
    /// The same in brief, for what stands above in full.
    Brief,
    /// Everything that was checked.
    Everything,
}

/// Findings that say the same of several subjects are shown once, with the subjects below; JSON keeps one each.
pub(super) fn findings<'a>(look: &Style, all: impl Iterator<Item = &'a Finding>, detail: Detail) -> Vec<String> {
    let is_told = |finding: &Finding| match finding.verdict {
        Verdict::Bad => true,
        Verdict::Unknown if finding.acknowledged => detail == Detail::Everything,
        Verdict::Unknown => matches!(detail, Detail::Open | Detail::Brief | Detail::Everything),
        Verdict::Good => detail == Detail::Everything,
    };
    // What was not reached for another reason is no news of its own.
    let is_news = |finding: &Finding| finding.code != Code::LayerNotReached || detail == Detail::Everything;
    let told = grouped(all.filter(|finding| is_told(finding) && is_news(finding))).into_iter();
    told.map(|(first, subjects)| finding(look, first, &subjects, detail))
        .collect()
}

/// A finding, with what it is about and what to do next below it.
fn finding(look: &Style, finding: &Finding, subjects: &[&str], detail: Detail) -> String {
    let lead = format!("  {} ", look.verdict(finding.verdict));
    let is_brief = detail == Detail::Brief || (finding.verdict == Verdict::Unknown && detail != Detail::Everything);
    let mut text = look.fold(&lead, 4, &visible::one_line(&finding.told()));
    let is_untold = |subject: &&str| !finding.text.contains(subject);
    let untold: Vec<&str> = subjects.iter().copied().filter(is_untold).collect();
    if !untold.is_empty() && !is_brief {
        text.push('\n');
        text.push_str(&look.fold("    for: ", 6, &visible::one_line(&untold.join(", "))));
    }
    if let Some(advice) = &finding.advice {
        // A list of commands is longer than everything else together.
        let next = match advice.lines().nth(1) {
            Some(_) if is_brief => "stitch-pg check -v shows what to do",
            _ => advice,
        };
        text.push('\n');
        text.push_str(&look.fold("    Next: ", 6, next));
    }
    text
}

/// A step whose changes are asked about: its headline, what is wrong, and the changes.
pub(super) fn planned(look: &Style, id: StepId, plan: &Plan) -> String {
    let what = match plan.changes.len() {
        1 => "make this change?".to_owned(),
        number => format!("make these {number} changes?"),
    };
    let heading = format!("{} {what}", look.bold(&format!("{}:", title(id))));
    [vec![heading], changes(look, &plan.changes)].concat().join("\n")
}

/// Changes: what they would do, and the exact commands. Those that are made in one go are shown as one.
pub(super) fn changes(look: &Style, all: &[Change]) -> Vec<String> {
    let groups = in_one_go(all).into_iter();
    let would = |group| told(look, group, &look.pending(), "Would ");
    groups.map(would).collect()
}

/// Changes that are made in one go.
fn told(look: &Style, group: &[Change], sign: &str, before: &str) -> String {
    let lead = format!("  {sign} ");
    let line = |change: &Change| {
        let text = match &change.action {
            Action::SaveSecret { path, .. } => format!("{before}save the generated password in {}", sheet::near(path)),
            action => format!("{before}{}{}", change.summary, place(action)),
        };
        look.fold(&lead, 4, &visible::one_line(&text))
    };
    let mut lines: Vec<String> = folded(group, (2, 1)).map_or_else(
        || group.iter().map(line).collect(),
        |(head, between, tail)| {
            let rest = format!("    ... {} more schemas like these ...", grouped_by_thousands(between));
            let last = tail.iter().map(line);
            head.iter().map(line).chain([rest]).chain(last).collect()
        },
    );
    // What it is, and where it goes, stands above.
    if matches!(group[0].action, Action::SaveSecret { .. }) {
        return lines.join("\n");
    }
    let rest = if group[0].piecemeal().is_some() {
        "like these"
    } else {
        "more lines"
    };
    lines.push(command(look, &as_one(group), rest));
    lines.join("\n")
}

fn place(action: &Action) -> String {
    match action {
        Action::Sql(sql) if sql.database.as_str() == "postgres" => String::new(),
        Action::Sql(sql) => format!(" (in the database {:?})", sql.database.as_str()),
        Action::Host(_) => " (as root on the SSH server)".to_owned(),
        Action::Ingress(_) => " (as root there)".to_owned(),
        Action::AddHbaLines(_) | Action::RemoveHbaLines(_) => " (on PostgreSQL's machine)".to_owned(),
        Action::Http(_) => " (in Stitch)".to_owned(),
        Action::SaveSecret { .. } => " (on this machine)".to_owned(),
    }
}

/// The first and last of many, and how many are between them; `None` where all of them fit.
fn folded<T>(all: &[T], (first, last): (usize, usize)) -> Option<(&[T], usize, &[T])> {
    let between = all.len().checked_sub(first + last).filter(|between| *between > 1)?;
    Some((&all[..first], between, &all[all.len() - last..]))
}

/// The first and last lines of a command, so that what is revoked is seen beside what is granted. A request is shown
/// whole: every field of it matters, and it is short.
fn command(look: &Style, action: &Action, rest: &str) -> String {
    let text = action.to_string();
    let text = visible::text(&text);
    let lines: Vec<&str> = text.lines().collect();
    let line = |line: &&str| match action {
        Action::Sql(_) => look.fold_sql(6, line),
        _ => format!("      {line}"),
    };
    let is_whole = matches!(action, Action::Http(_)) || lines.len() <= LINES_SHOWN;
    // The first line of a script says what it does.
    let ends = match action {
        Action::Host(_) | Action::Ingress(_) => (1, 0),
        _ => LINES_AT_ENDS,
    };
    let shown: Vec<String> = match folded(&lines, ends).filter(|_| !is_whole) {
        None => lines.iter().map(line).collect(),
        Some((head, between, tail)) => {
            let number = grouped_by_thousands(between);
            let rest = format!("      ... {number} {rest} (--format json or script shows all) ...");
            let last = tail.iter().map(line);
            head.iter().map(line).chain([rest]).chain(last).collect()
        }
    };
    shown.join("\n")
}

/// `9,990`.
fn grouped_by_thousands(number: usize) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped_by_thousands(number / 1000), number % 1000),
    }
}

/// One step: how it ended, and below it what the reader should know.
pub(super) fn step(look: &Style, step: &StepReport, detail: Detail) -> String {
    let mut parts = vec![headline(look, step)];
    parts.extend(below(look, step, detail));
    parts.join("\n")
}

/// What is shown below the headline of a step.
pub(super) fn below(look: &Style, step: &StepReport, detail: Detail) -> Vec<String> {
    let mut parts = Vec::new();
    let outcome = &step.outcome;
    // What was found where something before it is pending or wrong says nothing of its own.
    let is_void = matches!(outcome, Outcome::Untested(..)) && detail != Detail::Everything;
    if let Some(plan) = outcome.plan().filter(|_| !is_void) {
        let beside = plan.findings.iter().filter(|finding| !outcome.says(finding));
        parts.extend(findings(look, beside, detail));
        match outcome {
            _ if detail == Detail::Problems => {}
            Outcome::Applied(_) => {
                let groups = in_one_go(&plan.changes).into_iter();
                parts.extend(groups.map(|group| told(look, group, &look.done(), "done: ")));
            }
            _ => parts.extend(changes(look, &plan.changes)),
        }
    }
    if let Outcome::Failed(error, ..) = outcome {
        parts.push(failure(look, error));
    }
    parts
}

/// A change that was made just now, where you had to wait for it.
pub(super) fn just_made(look: &Style, change: &Change, elapsed: Duration) -> String {
    let text = format!("{} (took {} s)", visible::one_line(&change.summary), elapsed.as_secs());
    look.fold(&format!("  {} ", look.done()), 4, &text)
}

/// Why nothing was begun.
pub(super) fn not_begun(look: &Style, cannot: &[&Finding]) -> String {
    let first = "Nothing was changed: this login can make only some of the changes. First have the others made (see above), or give --partial to make these now.";
    let mut lines = vec![look.fold("", 0, first)];
    let line = |finding: &&Finding| look.fold("  - ", 4, &visible::one_line(&finding.text));
    lines.extend(cannot.iter().map(line));
    lines.join("\n")
}

/// Why nothing was begun, with the difference as it is: a diff is not folded.
pub(super) fn not_expected(difference: &str) -> String {
    format!("Nothing was changed. {difference}\n")
}

/// Where no bar can be drawn, a line is said no more often than this.
const EVERY: Duration = Duration::from_secs(3);

/// When a change was begun, and when its progress was last shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    began: Instant,
    told: Instant,
}

impl Pace {
    pub(super) fn begin() -> Self {
        let began = Instant::now();
        Self { began, told: began }
    }

    /// How far a change is that goes object by object, where it is time to tell it.
    pub(super) fn due(&mut self, progress: &Progress) -> Option<String> {
        if self.told.elapsed() < EVERY {
            return None;
        }
        self.told = Instant::now();
        let per_second = progress.done as u128 * 1000 / self.began.elapsed().as_millis().max(1);
        let (done, total, busy) = (progress.done, progress.total, busy(progress));
        Some(format!("{done} of {total} objects, {per_second} a second{busy}"))
    }
}

/// `, 3 in use`, or nothing.
pub(super) fn busy(progress: &Progress) -> String {
    match progress.busy {
        0 => String::new(),
        busy => format!(", {busy} in use and tried again later"),
    }
}

pub(super) fn failure(look: &Style, error: &anyhow::Error) -> String {
    let text = visible::message(&format!("{error:#}")).replace("\nnext: ", "\nNext: ");
    look.fold(&format!("  {} ", look.failed()), 4, &text)
}
