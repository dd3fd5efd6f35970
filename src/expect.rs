//! `--expect`: what was approved, compared with what this run would do. The digest shows which changes are new and which
//! are gone.

use std::fmt::Write as _;

use anyhow::{Context, Result};

use crate::change::{Change, Plan};
use crate::report::{Digest, Report};
use crate::settings::Settings;
use crate::step_id::StepId;

/// A plan that was approved.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    digest: Digest,
    /// What this run would change, once it was held against the plan and found to be the same.
    confirmed: Vec<(StepId, Vec<Change>)>,
}

impl Expected {
    /// Reads what was given.
    ///
    /// # Errors
    /// When it is no digest.
    pub(crate) fn read(given: &str) -> Result<Self> {
        Ok(Self {
            digest: given.parse().context("--expect needs the digest that plan prints")?,
            confirmed: Vec::new(),
        })
    }

    /// Holds the plan of this run against what was approved: `Some` with the difference when it is another. A run that has
    /// nothing to do does nothing that was not approved.
    pub(crate) fn refusal(&mut self, report: &Report, settings: &Settings) -> Option<String> {
        let now = Digest::of(report, settings)?;
        if self.digest == now {
            self.confirmed = report
                .steps
                .iter()
                .filter_map(|step| Some((step.step, step.outcome.plan()?.changes.clone())))
                .collect();
            return None;
        }
        let differences = differences(&self.digest, &now, report);
        Some(format!(
            "This is not the plan that was approved (its digest is {}, this one's {now}).\n{differences}",
            self.digest
        ))
    }

    /// Whether a step may make these changes: those that were planned ahead and approved, and no others. A step is
    /// planned anew when the ones before it have changed what it stands on.
    pub(crate) fn allows(&self, id: StepId, plan: &Plan) -> bool {
        let approved = self.confirmed.iter().find(|(step, _)| *step == id);
        let approved = approved.map_or(&[][..], |(_, changes)| changes.as_slice());
        let same = |one: &Change, other: &Change| one.action.to_string() == other.action.to_string();
        plan.changes
            .iter()
            .all(|change| approved.iter().any(|one| same(one, change)))
    }
}

/// Which changes are the same, which are not in the approved plan, and how many of that are missing.
fn differences(approved: &Digest, now: &Digest, report: &Report) -> String {
    if approved.parts == now.parts {
        return "The changes are the same, but the server, port, login or SSH server differs.".to_owned();
    }
    let changes: Vec<(StepId, &Change)> = report.changes().collect();
    let mut gone: Vec<&String> = approved.parts.iter().collect();
    let mut lines = String::new();
    for (at, part) in now.parts.iter().enumerate() {
        let sign = match gone.iter().position(|old| *old == part) {
            Some(same) => {
                gone.remove(same);
                ' '
            }
            None => '+',
        };
        let what = changes
            .get(at)
            .map(|(step, change)| format!("{step}: {}", change.summary));
        let _ = writeln!(lines, "{sign} {part} {}", what.unwrap_or_default());
    }
    let gone = gone.iter().fold(String::new(), |mut text, part| {
        let _ = writeln!(text, "- {part} a change of the approved plan that is not planned now");
        text
    });
    if gone.is_empty() && !lines.contains("\n+ ") && !lines.starts_with('+') {
        return "The changes are the same, in another order.".to_owned();
    }
    format!("{gone}{lines}").trim_end().to_owned()
}
