//! How each step ended.

use std::time::Duration;

use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::step_id::StepId;

/// How one step ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing to change.
    Ready(Plan),
    /// Changed, looked at again, and nothing is left to change. Holds the changes that were made and the last findings.
    Applied(Plan),
    /// There are changes that were not made: `plan`, `check`, or a person said no.
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

    /// With the findings of these codes marked as known to somebody.
    pub(crate) fn acknowledging(mut self, codes: &[Code]) -> Self {
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
