//! The report of a run: how each step ended, and what it comes to.

use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde::Serialize;

use crate::change::{Change, Plan};
use crate::command::Command;
use crate::finding::{Code, Finding, Verdict};
use crate::server::{Encryption, PostgresServer};
use crate::settings::Settings;
use crate::step_id::StepId;
use crate::visible;

#[derive(Debug)]
pub(crate) struct Report {
    /// `setup`, `plan` or `check`.
    pub command: Command,
    /// One entry a step, in running order.
    pub steps: Vec<StepReport>,
    /// What the server is, when it was reached.
    pub server: Option<PostgresServer>,
    /// Whether the run was stopped.
    pub ending: Ending,
    /// Whether Stitch's own login was encrypted, when it was tried.
    pub stitch_encryption: Option<Encryption>,
    /// The fingerprint of the SSH server's host key, when a login there succeeded.
    pub host_key: Option<String>,
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// The JSON report, and nothing else.
    Json,
    /// Markdown, for a pull request.
    Markdown,
    /// JUnit XML, for CI systems that show tests.
    Junit,
    /// Annotations for GitHub Actions.
    Github,
}

/// How the run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself.
    Complete,
    /// You quit, or a signal (Ctrl-C) came.
    Stopped,
}

/// The whole run in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Summary {
    /// Nothing to change.
    Ready,
    /// Changed, and now ready.
    Applied,
    /// Changes are waiting.
    Pending,
    /// Nothing left to change, but a finding is left for you.
    Attention,
    Failed,
    /// It was stopped.
    Stopped,
}

impl Report {
    /// Nothing has happened yet.
    pub(crate) fn new(command: Command) -> Self {
        Self {
            command,
            steps: Vec::new(),
            server: None,
            ending: Ending::Complete,
            stitch_encryption: None,
            host_key: None,
        }
    }

    /// The run in one word. Where several apply: stopped, failed, pending, attention, in this order.
    pub(crate) fn summary(&self) -> Summary {
        let any = |test: fn(&Outcome) -> bool| self.steps.iter().any(|step| test(&step.outcome));
        let bad = self.findings().any(|finding| finding.verdict == Verdict::Bad);
        if self.ending == Ending::Stopped {
            Summary::Stopped
        } else if any(|outcome| matches!(outcome, Outcome::Failed(..))) {
            Summary::Failed
        } else if any(|outcome| matches!(outcome, Outcome::Pending(_))) {
            Summary::Pending
        } else if bad {
            Summary::Attention
        } else if any(|outcome| matches!(outcome, Outcome::Applied(_))) {
            Summary::Applied
        } else {
            Summary::Ready
        }
    }

    /// Whether the run came as far as Stitch's own login, so that the connection sheet is worth reading.
    pub(crate) fn came_through(&self) -> bool {
        self.steps.iter().any(|step| {
            let tried = match &step.outcome {
                Outcome::Ready(_) | Outcome::Applied(_) => true,
                Outcome::Untested(_, plan) => !plan.findings.is_empty(),
                _ => false,
            };
            step.step == StepId::Connection && tried
        })
    }

    /// The step at which the run failed, if it did.
    pub(crate) fn failed_step(&self) -> Option<StepId> {
        let mut steps = self.steps.iter();
        let failed = steps.find(|step| matches!(step.outcome, Outcome::Failed(..)));
        failed.map(|step| step.step)
    }

    /// The exit status: 0 ready, 1 failed, 3 `check` found changes, 4 a finding is left for you, 130 stopped. `plan` ends 0 when
    /// the check itself was possible. `setup` ends 3 as well when a change was not made (you said no), unless it was asked to
    /// change nothing.
    pub(crate) fn exit_code(&self) -> u8 {
        match (self.summary(), self.command) {
            (Summary::Stopped, _) => 130,
            (Summary::Failed, _) => 1,
            (Summary::Ready | Summary::Applied, _) | (Summary::Pending | Summary::Attention, Command::Plan) => 0,
            (Summary::Pending, _) => 3,
            (Summary::Attention, _) => 4,
        }
    }

    /// The report in a format for programs or pages; none for the text format, which the console shows.
    pub(crate) fn document(&self, format: Format, settings: &Settings) -> Option<String> {
        match format {
            Format::Text => None,
            Format::Json => Some(visible::json(&format!("{:#}", self.json(settings))).into_owned()),
            Format::Markdown => Some(self.markdown(settings)),
            Format::Junit => Some(self.junit()),
            Format::Github => Some(self.github()),
        }
    }

    /// All changes, made or not, each with its step.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (StepId, &Change)> {
        self.steps.iter().flat_map(|step| {
            let changes = step.outcome.plan().map_or(&[][..], |plan| &plan.changes);
            changes.iter().map(move |change| (step.step, change))
        })
    }

    /// All findings, in the order of the steps.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        let plans = self.steps.iter().filter_map(|step| step.outcome.plan());
        plans.flat_map(|plan| &plan.findings)
    }
}

/// How one step ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing to change.
    Ready(Plan),
    /// Changed, checked again, and nothing is left to change. Holds the changes that were made and the last findings.
    Applied(Plan),
    /// There are changes that were not made: `plan`, `check`, or you said no.
    Pending(Plan),
    /// Left out, with the reason.
    Skipped(String),
    /// It could not be tested, since something before it is pending or wrong: the reason, and what was seen all the same.
    Untested(String, Plan),
    /// It went wrong. Holds what was planned, and of each change whether it was seen made; none is where nothing is said.
    Failed(anyhow::Error, Plan, Vec<bool>),
}

/// One step's part of the report.
#[derive(Debug)]
pub(crate) struct StepReport {
    pub step: StepId,
    pub outcome: Outcome,
    /// Time spent in it.
    pub elapsed: Duration,
    /// Time each applied change took, in order.
    pub change_times: Vec<Duration>,
}

impl StepReport {
    /// A step that began then and ends now. Findings of these codes are marked as acknowledged.
    pub(crate) fn ended(step: StepId, outcome: Outcome, began: Instant, acknowledged: &[Code]) -> Self {
        Self {
            step,
            outcome: outcome.acknowledging(acknowledged),
            elapsed: began.elapsed(),
            change_times: Vec::new(),
        }
    }
}

impl Outcome {
    /// The word in the JSON report.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Ready(plan) | Self::Applied(plan) if plan.problems() > 0 => "attention",
            Self::Ready(_) => "ready",
            Self::Applied(_) => "applied",
            Self::Pending(_) => "pending",
            Self::Skipped(_) => "skipped",
            Self::Untested(..) => "untested",
            Self::Failed(..) => "failed",
        }
    }

    /// Findings and changes, where the step came that far.
    pub(crate) fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Ready(plan)
            | Self::Applied(plan)
            | Self::Pending(plan)
            | Self::Failed(_, plan, _)
            | Self::Untested(_, plan) => Some(plan),
            Self::Skipped(_) => None,
        }
    }

    fn acknowledging(mut self, codes: &[Code]) -> Self {
        if let Self::Ready(plan)
        | Self::Applied(plan)
        | Self::Pending(plan)
        | Self::Failed(_, plan, _)
        | Self::Untested(_, plan) = &mut self
        {
            for finding in &mut plan.findings {
                finding.acknowledged = finding.verdict != Verdict::Good && codes.contains(&finding.code);
            }
        }
        self
    }

    /// Whether the error of a step that failed says what this finding says, which stands beside it for its code and layer.
    pub(crate) fn says(&self, finding: &Finding) -> bool {
        let Self::Failed(error, ..) = self else { return false };
        let error = format!("{error:#}");
        let first = error.lines().next().unwrap_or_default();
        finding.verdict == Verdict::Bad && finding.text.ends_with(first)
    }

    /// Whether the change of this number was seen made.
    pub(crate) fn is_applied(&self, index: usize) -> bool {
        match self {
            Self::Applied(_) => true,
            Self::Failed(_, _, seen) => seen.get(index).copied().unwrap_or_default(),
            _ => false,
        }
    }
}
