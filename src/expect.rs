//! `--expect`: what somebody approved, held against what this run would do. A digest tells which changes are new, gone or
//! another; a file with the plan itself (its JSON or Markdown) tells every line.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use similar::{Algorithm, DiffOp, TextDiff, capture_diff_slices};

use crate::change::{Change, Plan};
use crate::report::{Digest, Item, Report, changes_in_markdown};
use crate::settings::Settings;
use crate::step_id::StepId;

/// A plan that was approved.
#[derive(Clone, Debug)]
pub struct Expected {
    digest: Option<Digest>,
    /// Its changes as Markdown, where they were handed over.
    changes: Option<String>,
    /// What this run would change, once it was held against the plan and found to be the same.
    confirmed: Vec<(StepId, Vec<Change>)>,
}

impl Expected {
    /// Reads what was given: a digest, or the name of a file that holds a plan.
    ///
    /// # Errors
    /// When it is neither.
    pub fn read(given: &str, directory: &Path) -> Result<Self> {
        let path = directory.join(given);
        if !path.is_file() {
            let digest = given
                .parse()
                .context("--expect takes a digest, or a file that holds the plan")?;
            return Ok(Self::new(Some(digest), None));
        }
        let name = path.display();
        let text = fs::read_to_string(&path).with_context(|| format!("--expect: cannot read {name}"))?;
        match serde_json::from_str::<Value>(&text) {
            Ok(report) => {
                Self::of_json(&report).with_context(|| format!("--expect: {name} holds no plan of stitch-pg"))
            }
            Err(_) => Self::of_text(&text).with_context(|| format!("--expect: {name} holds no plan of stitch-pg")),
        }
    }

    fn new(digest: Option<Digest>, changes: Option<String>) -> Self {
        Self {
            digest,
            changes,
            confirmed: Vec::new(),
        }
    }

    fn of_json(report: &Value) -> Result<Self> {
        let Some(steps) = report["steps"].as_array() else {
            bail!("it has no steps")
        };
        let digest = report["plan_digest"].as_str().map(str::parse).transpose()?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let items = steps.iter().flat_map(|step| {
            let changes = step["changes"].as_array().map_or(&[][..], Vec::as_slice);
            changes.iter().map(move |change| Item {
                step: text(&step["step"]),
                summary: text(&change["summary"]),
                why: text(&change["why"]),
                kind: text(&change["kind"]),
                database: change["database"].as_str().map(str::to_owned),
                command: text(&change["command"]),
            })
        });
        let items: Vec<Item> = items.collect();
        Ok(Self::new(
            digest,
            (!items.is_empty()).then(|| changes_in_markdown(&items)),
        ))
    }

    /// Markdown, or what `plan` prints for people.
    fn of_text(text: &str) -> Result<Self> {
        let mut words = text.split(|c: char| c.is_whitespace() || c == '`');
        let digest = words.find_map(|word| word.trim_end_matches('.').parse().ok());
        let changes = text.split_once("\n## Changes\n").map(|(_, rest)| {
            let end = rest.find("\n## ").unwrap_or(rest.len());
            format!("## Changes\n{}\n", rest[..end].trim_end())
        });
        let is_empty_plan = text.starts_with("# stitch-pg plan") && changes.is_none();
        if digest.is_none() && !is_empty_plan {
            bail!("there is no digest in it")
        }
        Ok(Self::new(digest, changes))
    }

    /// Holds the plan of this run against what was approved: `Some` with the difference when it is another. A run that has
    /// nothing to do does nothing that was not approved.
    #[must_use]
    pub fn refusal(&mut self, report: &Report, settings: &Settings) -> Option<String> {
        let now = Digest::of(report, settings)?;
        if self.digest.as_ref() == Some(&now) {
            self.confirmed = report
                .steps
                .iter()
                .filter_map(|step| Some((step.step, step.outcome.plan()?.changes.clone())))
                .collect();
            return None;
        }
        let mut text = match &self.digest {
            Some(approved) => {
                format!("This is not the plan that was approved (its digest is {approved}, this one's {now}).")
            }
            None => format!("The plan that was approved changes nothing; this one's digest is {now}."),
        };
        text.push('\n');
        text.push_str(&match &self.changes {
            Some(approved) => line_by_line(approved, &changes_in_markdown(&report.items())),
            None => change_by_change(self.digest.as_ref(), &now, report),
        });
        Some(text)
    }

    /// Whether a step may make these changes: those that were planned ahead and approved, and no others. A step is
    /// planned anew when the ones before it have changed what it stands on.
    #[must_use]
    pub fn allows(&self, id: StepId, plan: &Plan) -> bool {
        let approved = self.confirmed.iter().find(|(step, _)| *step == id);
        let approved = approved.map_or(&[][..], |(_, changes)| changes.as_slice());
        let same = |one: &Change, other: &Change| one.action.to_string() == other.action.to_string();
        plan.changes
            .iter()
            .all(|change| approved.iter().any(|one| same(one, change)))
    }
}

/// From a plan's whole text.
fn line_by_line(approved: &str, now: &str) -> String {
    if approved.trim_end() == now.trim_end() {
        return "The changes are the same, but on another server or through another SSH server.".to_owned();
    }
    TextDiff::from_lines(approved, now)
        .unified_diff()
        .context_radius(3)
        .header("approved", "now")
        .to_string()
        .trim_end()
        .to_owned()
}

/// From a digest alone: which changes are the same, which are not in the approved plan, how many of that are missing.
fn change_by_change(approved: Option<&Digest>, now: &Digest, report: &Report) -> String {
    let old = approved.map_or(&[][..], Digest::parts);
    let new = now.parts();
    if old == new {
        return "The changes are the same, but on another server or through another SSH server.".to_owned();
    }
    let changes: Vec<(StepId, &Change)> = report.changes().collect();
    let mut text = String::new();
    let mut line = |sign: char, part: &str, at: Option<usize>| {
        let what = match at.and_then(|at| changes.get(at)) {
            Some((step, change)) => format!("{step}: {}", change.summary),
            None => "a change of the approved plan that is not planned now".to_owned(),
        };
        let _ = writeln!(text, "{sign} {part} {what}");
    };
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        if let DiffOp::Equal { new_index, len, .. } = op {
            (new_index..new_index + len).for_each(|at| line(' ', &new[at], Some(at)));
            continue;
        }
        old[op.old_range()].iter().for_each(|part| line('-', part, None));
        op.new_range().for_each(|at| line('+', &new[at], Some(at)));
    }
    text.push_str(
        "Give the approved plan itself (its --format json or markdown, in a file) to --expect to see every line.",
    );
    text
}
