//! One step, whichever it is: inspected, shown, asked about, changed and inspected again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::contention;
use super::failure::with_next;
use crate::ask::Chooses;
use crate::change::{Plan, as_one, in_one_go};
use crate::command::Command;
use crate::console::{Console, Decision, Event};
use crate::expect::Expected;
use crate::finding::Verdict;
use crate::report::{Outcome, Report, StepReport};
use crate::settings::Settings;
use crate::step_id::StepId;
use crate::steps::{Preflight, Step};
use crate::undo::UndoFile;
use crate::world::{Applied, Prover, Reader, Writer};

/// One run's constant companions.
pub(crate) struct Run<'a, C> {
    pub command: Command,
    pub world: &'a mut Writer,
    /// Who is spoken to.
    pub console: &'a mut C,
    /// Where the way back is written.
    pub undo: UndoFile,
    /// What has to be known before the first change.
    pub start: Start,
    /// The plan that was approved beforehand (`--expect`): nothing else is changed.
    pub expected: Option<Expected>,
}

/// What has to be known before the first change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Nothing: `--partial` was given.
    StepByStep,
    /// You see what every step found, and then say yes or no to each step's plan. Each is checked again in its turn, since your
    /// answers take time.
    Overview,
    /// That this login can make all the changes: the run is unattended, so nothing can be asked about half of them.
    Whole,
}

/// Said where a step has to do something else once the steps before it are made.
const NOT_APPROVED: &str = "the changes here are not the approved ones (--expect), because something has changed since; none was made\nnext: run stitch-pg plan, and have its digest approved";

/// What is known before a step is walked.
pub(super) struct StepContext<'a> {
    /// The steps whose changes were refused.
    pub(super) undone: Vec<StepId>,
    /// The plan that was made ahead, if it still holds.
    pub(super) plan: Option<Plan>,
    /// What the steps before it came to.
    pub(super) report: &'a Report,
}

/// Why a step ended without an outcome.
pub(super) enum Stop {
    Quit,
    Error(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Error(error)
    }
}

/// Inspects, plans, shows, asks, applies and verifies one step.
pub(super) async fn walk<S: Step, C: Console>(
    settings: &mut Settings,
    run: &mut Run<'_, C>,
    times: &mut Vec<Duration>,
    before: StepContext<'_>,
) -> Result<Outcome, Stop> {
    if let Some(missing) = S::NEEDS.iter().find(|id| before.undone.contains(id)) {
        let reason = format!("it needs the step {missing}, which was not made");
        return Ok(Outcome::Untested(reason, Plan::default()));
    }
    if let Some(reason) = S::skip(settings) {
        return Ok(Outcome::Skipped(reason.to_owned()));
    }
    let link = format!("{}{}", settings.docs_url, S::LINK);
    run.console.event(&Event::Opened {
        id: S::ID,
        why: S::WHY,
        link: &link,
    })?;
    let mut plan = match before.plan {
        Some(plan) => plan,
        None => planned::<S, C>(settings, run, Look::Whole).await?,
    };
    loop {
        prove::<S, C>(settings, run, &mut plan, before.report).await?;
        if plan.changes.is_empty() {
            return Ok(untested::<S>(run.command, &plan, before.report).map_or_else(
                || Outcome::Ready(plan.clone()),
                |reason| Outcome::Untested(reason, plan.clone()),
            ));
        }
        if !run.command.makes_changes() {
            return Ok(Outcome::Pending(plan));
        }
        let expected = run.expected.as_ref();
        if expected.is_some_and(|expected| !expected.allows(S::ID, &plan)) {
            return Ok(Outcome::Failed(anyhow!(NOT_APPROVED), plan, Vec::new()));
        }
        let chooses = if plan.changes.len() > 1 {
            S::reopen(&mut settings.clone())
        } else {
            Chooses::No
        };
        match run.console.decide(S::ID, S::WHY, &plan, chooses).await? {
            Decision::Yes => {
                let applied = apply::<S, C>(settings, run, plan, times, before.report).await;
                return applied.map_err(Stop::Error);
            }
            Decision::No => return Ok(Outcome::Pending(plan)),
            Decision::Quit => return Err(Stop::Quit),
            Decision::Choose => {
                S::reopen(settings);
                plan = planned::<S, C>(settings, run, Look::Whole).await?;
            }
        }
    }
}

/// Why what was found says nothing about the step itself, where that is so.
fn untested<S: Step>(command: Command, plan: &Plan, report: &Report) -> Option<String> {
    if command.makes_changes() {
        return None;
    }
    if command == Command::Plan && !S::not_proved().is_empty() {
        return Some("stitch-pg check tests it".to_owned());
    }
    let waits = |step: &&StepReport| {
        let is_needed = S::NEEDS.contains(&step.step) || S::PREFLIGHT == Preflight::Never;
        is_needed && matches!(step.outcome, Outcome::Pending(_))
    };
    let waiting = report.steps.iter().find(waits)?;
    let is_complete = plan.findings.iter().all(|finding| finding.verdict == Verdict::Good);
    (!is_complete).then(|| format!("after the changes of the step {}", waiting.step))
}

/// Inspects, asks what only you can choose, and makes the plan.
pub(super) async fn planned<S: Step, C: Console>(
    settings: &mut Settings,
    run: &mut Run<'_, C>,
    look: Look,
) -> Result<Plan> {
    let mut facts = inspected::<S>(settings, run.world.reader(), look).await?;
    // Plans and undo files name the database in which the statements really run.
    if let Some(database) = run.world.reader().admin_database() {
        settings.admin.database = database;
    }
    if let Some(question) = S::question(settings, &facts) {
        let chosen = run.console.choose(&question).await?;
        S::answer(settings, &chosen);
        facts = inspected::<S>(settings, run.world.reader(), look).await?;
    }
    Ok(S::plan(settings, &facts))
}

/// How much of a step is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// All of it.
    Whole,
    /// What decides whether the run may begin; the step is checked again before its turn.
    Ahead,
}

async fn inspected<S: Step>(settings: &Settings, reader: &mut Reader, look: Look) -> Result<S::Facts> {
    match look {
        Look::Whole => S::inspect(settings, reader).await,
        Look::Ahead => S::inspect_ahead(settings, reader).await,
    }
}

/// Adds what only doing can show, where nothing is left to change.
async fn prove<S: Step, C: Console>(
    settings: &Settings,
    run: &mut Run<'_, C>,
    plan: &mut Plan,
    report: &Report,
) -> Result<()> {
    if run.command == Command::Plan {
        plan.findings.extend(S::not_proved());
    } else if plan.changes.is_empty() {
        let mut prover = Prover::new(run.world);
        plan.findings.extend(S::prove(settings, &mut prover, report).await?);
    }
    Ok(())
}

/// Makes the changes, then checks again: *done* means that the plan is empty.
async fn apply<S: Step, C: Console>(
    settings: &mut Settings,
    run: &mut Run<'_, C>,
    plan: Plan,
    times: &mut Vec<Duration>,
    report: &Report,
) -> Result<Outcome> {
    let (mut found, mut doubts) = (Vec::new(), Vec::new());
    for changes in in_one_go(&plan.changes) {
        let began = Instant::now();
        for change in changes {
            run.console.event(&Event::Applying(change))?;
            // The way back is on disk before the change is made, so that it is there after a crash.
            run.undo.begin(change, &settings.admin.database)?;
        }
        let console = &mut *run.console;
        // A progress message that cannot be shown is no reason to stop in the middle of a change.
        let mut tell = |progress| drop(console.event(&Event::Progress(progress)));
        let applied = match Box::pin(run.world.apply(&as_one(changes), &mut tell)).await {
            Ok(applied) => applied,
            Err(error) => {
                let rest = match changes.len() {
                    1 => String::new(),
                    number => format!(", and {} more schemas like it", number - 1),
                };
                let mut plan = plan.clone();
                plan.findings.extend(contention::busy(&error));
                let error = error.context(format!("Failed to {}{rest}", changes[0].summary));
                // If the step can still be inspected, the plan shows which changes were made; else what the server acknowledged
                // counts.
                let seen = match S::inspect(settings, run.world.reader()).await {
                    Ok(facts) => Some(S::plan(settings, &facts)).filter(|later| plan.cut_short(later).is_none()),
                    Err(_) => None,
                };
                let seen = seen.map_or_else(|| vec![true; times.len()], |later| plan.seen_made(&later));
                return Ok(Outcome::Failed(with_next(error), plan, seen));
            }
        };
        match applied {
            Applied::Made => run.undo.made()?,
            Applied::Found(error) => {
                found.push(contention::found(&changes[0]));
                doubts.push(error);
            }
            Applied::Doubtful(error) => {
                run.undo.made()?;
                doubts.push(error);
            }
        }
        let elapsed = began.elapsed();
        for change in changes {
            times.push(elapsed);
            run.console.event(&Event::Applied(change, elapsed))?;
        }
    }
    if let Some((what, secret)) = S::after_applied(settings) {
        run.console.show_once(what, &secret)?;
    }
    let facts = S::inspect(settings, run.world.reader())
        .await
        .context("cannot check the result of the change")?;
    let mut again = S::plan(settings, &facts);
    if let Some(problem) = plan.cut_short(&again) {
        let advice = problem.advice.as_deref().unwrap_or("run the same command again");
        let error = anyhow!(
            "cannot check the result of the change: {}\nnext: {advice}",
            problem.text
        );
        let none = Plan {
            findings: again.findings,
            changes: plan.changes,
        };
        return Ok(Outcome::Failed(error, none, Vec::new()));
    }
    prove::<S, C>(settings, run, &mut again, report).await?;
    again.findings.extend(found);
    let seen = plan.seen_made(&again);
    let made = Plan {
        findings: again.findings,
        changes: plan.changes,
    };
    if again.changes.is_empty() {
        return Ok(Outcome::Applied(made));
    }
    let left: Vec<&str> = again.changes.iter().map(|change| change.summary.as_str()).collect();
    let left = left.join("; ");
    let error = match doubts.into_iter().reduce(|all, next| anyhow!("{all:#}\n  {next:#}")) {
        Some(error) => error.context(format!("some changes were not made: {left}")),
        None => anyhow!(
            "the changes were made without an error, but the server does not show them: {left}\nnext: find what reverts them (a trigger, a job, a program that manages this server), then run the same command again"
        ),
    };
    Ok(Outcome::Failed(with_next(error), made, seen))
}
