//! The plans that scripts are made of.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::change::{Change, Plan};
use crate::finding::{Finding, Verdict};
use crate::report::{Outcome, Report};
use crate::runner::dispatch::{Goal, about};
use crate::settings::{Audience, Settings};
use crate::step_id::StepId;
use crate::visible;

/// What is to be scripted: a plan for each step, and where it comes from.
pub(crate) struct Plans {
    plans: BTreeMap<StepId, Plan>,
    /// Where it was looked, if it was.
    seen: Option<String>,
}

impl Plans {
    /// From settings alone: what is planned when nothing exists yet.
    pub(crate) fn offline(settings: &Settings) -> Self {
        let plans = StepId::ALL.into_iter().map(|id| (id, planned_offline(id, settings)));
        Self {
            plans: plans.collect(),
            seen: None,
        }
    }

    /// From a run that checked: only what is missing. What its login may not do is left to the role that runs the script: such
    /// a step is written as from settings alone, each statement guarded.
    pub(crate) fn seen(report: &Report, settings: &Settings) -> Self {
        let mut offline = Self::offline(settings).plans;
        let mut plans = BTreeMap::new();
        let mut others = false;
        for step in &report.steps {
            let is_unseen = matches!(&step.outcome, Outcome::Untested(_, plan) if plan.findings.is_empty());
            let Some(seen) = step.outcome.plan().filter(|_| !is_unseen) else {
                // Not reached, since others must do something before.
                if others {
                    plans.extend(offline.remove_entry(&step.step));
                }
                continue;
            };
            let mut plan = seen.clone();
            if seen.findings.iter().any(|finding| finding.code.effect().needs_rights) {
                others = true;
                plan.changes = offline.remove(&step.step).unwrap_or_default().changes;
            }
            plan.findings.retain(|finding| finding.verdict != Verdict::Good);
            plans.insert(step.step, plan);
        }
        let admin = &settings.admin;
        Self {
            plans,
            seen: Some(format!("{}:{}", admin.host, admin.port)),
        }
    }

    /// The changes that this reader can make.
    pub(super) fn changes(&self, audience: Audience) -> Vec<&Change> {
        let is_theirs = |id| scripted_for(id).contains(&audience);
        let scripted = self.plans.iter().filter(|(id, _)| is_theirs(**id));
        scripted.flat_map(|(_, plan)| &plan.changes).collect()
    }

    /// What this audience gets to read: a step's findings are for the first audience that it is scripted for.
    pub(super) fn findings(&self, audience: Audience) -> impl Iterator<Item = &Finding> {
        let is_told = move |id| scripted_for(id).first() == Some(&audience);
        let told = self.plans.iter().filter(move |(id, _)| is_told(**id));
        told.flat_map(|(_, plan)| &plan.findings)
    }

    /// Below the header: what the script is made of.
    pub(super) fn origin(&self, remark: &str) -> String {
        match &self.seen {
            None => format!("{remark} Written without checking the server: existing objects are not changed.\n"),
            Some(place) => format!("{remark} Written after checking {place}: contains only what was missing then.\n"),
        }
    }
}

/// What is planned when nothing exists yet; nothing for a step that is left out.
fn planned_offline(id: StepId, settings: &Settings) -> Plan {
    let step = about(Goal::SetUp, id);
    if settings.steps.contains(&id) && (step.skip)(settings).is_none() {
        (step.offline)(settings)
    } else {
        Plan::default()
    }
}

fn scripted_for(id: StepId) -> &'static [Audience] {
    about(Goal::SetUp, id).scripted_for
}

/// What must be done by hand, as remarks.
pub(super) fn by_hand(plans: &Plans, audience: Audience, remark: &str) -> String {
    let mut out = String::new();
    let is_by_hand = |finding: &&Finding| finding.verdict == Verdict::Bad && !finding.code.effect().needs_rights;
    for finding in plans.findings(audience).filter(is_by_hand) {
        let advice = finding.advice.as_deref().unwrap_or_default();
        let text = format!("By hand: {}\n{advice}", visible::one_line(&finding.text));
        out.push('\n');
        // A lone carriage return ends a comment for psql: no text may hold one.
        for line in visible::text(text.trim_end()).lines() {
            let _ = writeln!(out, "{remark} {}", visible::unobeyed(line));
        }
    }
    out
}
