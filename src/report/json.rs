//! The report as JSON, exactly as the contract has it.

use std::time::Duration;

use serde_json::{Value, json};

use super::digest::{Digest, kind};
use super::path::{self, Hop};
use super::whole::{Outcome, Report, StepReport};
use crate::change::Change;
use crate::finding::Finding;
use crate::settings::Settings;
use crate::stitch_form::{stitch_logs_in_as, stitch_sees, ticks_ssl};

/// Raised where a field goes away or changes its meaning; new fields may come at any time.
pub(super) const SCHEMA_VERSION: u32 = 1;

impl Report {
    /// The JSON document of the contract. Secrets are masked, since only `Display` of statements is used.
    pub(crate) fn json(&self, settings: &Settings) -> Value {
        json!({
            "tool": "stitch-pg",
            "version": env!("CARGO_PKG_VERSION"),
            "command": self.command.as_str(),
            "schema_version": SCHEMA_VERSION,
            "exit_code": self.exit_code(),
            "result": self.summary(),
            "plan_digest": Digest::of(self, settings).map(|digest| digest.to_string()),
            "server": self.server.as_ref().map(|server| json!({
                "version": server.version,
                "version_num": server.version_num,
                "provider": server.provider.as_str(),
                "host": settings.admin.host.as_str(),
                "port": settings.admin.port.number(),
            })),
            "steps": self.steps.iter().map(step_json).collect::<Vec<_>>(),
            "connection": self.connection_json(settings),
            "path": self.path_json(settings),
        })
    }

    /// Only where the login as Stitch was checked: before, there is nothing to join.
    fn path_json(&self, settings: &Settings) -> Vec<Hop> {
        let hops = self.came_through().then(|| path::hops(self, settings));
        hops.unwrap_or_default()
    }

    /// The fields of Stitch's form, under the names its API gives them.
    fn connection_json(&self, settings: &Settings) -> Value {
        let stitch = &settings.stitch;
        let bastion = settings.bastion.as_ref();
        let mut form = json!({
            "host": stitch_sees(settings),
            "port": stitch.port.number(),
            "database": stitch.database.as_str(),
            "username": stitch_logs_in_as(settings, self.server.as_ref()),
            "ssl": ticks_ssl(stitch.ssl, self.stitch_encryption),
            "encryption_type": if bastion.is_some() { "ssh" } else { "none" },
            "encryption_host": bastion.map(|bastion| bastion.stitch_host.as_str()),
            "encryption_port": bastion.map(|bastion| bastion.stitch_port.number()),
            "encryption_username": bastion.map(|bastion| bastion.tunnel_user.as_str()),
        });
        if let Some(ca) = &stitch.ca {
            form["sslrootcert"] = ca.pem.as_str().into();
        }
        form
    }
}

fn step_json(step: &StepReport) -> Value {
    let (reason, error) = match &step.outcome {
        Outcome::Skipped(reason) | Outcome::Untested(reason, _) => (Some(reason.clone()), None),
        Outcome::Failed(error, ..) => (None, Some(format!("{error:#}"))),
        _ => (None, None),
    };
    let plan = step.outcome.plan();
    json!({
        "step": step.step.as_str(),
        "outcome": step.outcome.as_str(),
        "reason": reason,
        "findings": plan.map_or_else(Vec::new, |plan| plan.findings.iter().map(finding_json).collect()),
        "changes": plan.map_or_else(Vec::new, |plan| plan.changes.iter().enumerate().map(|(index, change)| {
            change_json(change, step.outcome.is_applied(index), step.change_times.get(index))
        }).collect()),
        "error": error,
        "elapsed_ms": milliseconds(step.elapsed),
    })
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "code": finding.code,
        "verdict": finding.verdict,
        "text": finding.told(),
        "advice": finding.advice,
        "docs": finding.code.docs(),
        "acknowledged": finding.acknowledged,
        "subject": finding.subject,
    })
}

fn change_json(change: &Change, applied: bool, elapsed: Option<&Duration>) -> Value {
    let (kind, database) = kind(&change.action);
    json!({
        "summary": change.summary,
        "why": change.why,
        "kind": kind,
        "database": database,
        "command": change.action.to_string(),
        "undo": change.undo.as_ref().map(ToString::to_string),
        "applied": applied,
        "elapsed_ms": elapsed.map(|elapsed| milliseconds(*elapsed)),
    })
}

fn milliseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
