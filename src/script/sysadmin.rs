//! The script for the administrator of the SSH server, and of the firewall there: one POSIX sh.

use std::fmt::Write as _;

use super::plans::{Plans, by_hand};
use crate::change::Action;
use crate::settings::{Audience, Settings};
use crate::{shell, sql, visible};

pub(super) fn script(settings: &Settings, plans: &Plans) -> String {
    let mut parts = String::new();
    for change in plans.changes(Audience::Sysadmin) {
        let (script, then) = match &change.action {
            Action::Host(script) | Action::Ingress(script) => (script.to_string(), String::new()),
            Action::AddHbaLines(edit) => {
                let then = format!("# Then, as a superuser of PostgreSQL: {};\n", sql::reload());
                (shell::add_hba_lines(edit).to_string(), then)
            }
            _ => continue,
        };
        let (summary, why, script) = (visible::one_line(&change.summary), change.why, script.trim_end());
        let _ = write!(parts, "\n# To {summary}.\n# Why: {why}\n(\n{script}\n)\n{then}");
    }
    let machine = if settings.bastion.is_some() {
        "the SSH server"
    } else {
        "PostgreSQL's machine"
    };
    let mut out = HEADER.replace("MACHINE", machine) + &plans.origin("#") + SETTINGS;
    if settings.bastion.is_none() && parts.is_empty() {
        out.push_str("# No SSH server is set (--bastion), so there is nothing to do here.\n");
        return out;
    }
    out.push_str("[ \"$(id -u)\" = 0 ] || { echo 'run this as root: sudo sh FILE' >&2; exit 1; }\n");
    out + &by_hand(plans, Audience::Sysadmin, "#") + &parts
}

/// Each part is what `setup` runs by itself, and stays in a shell of its own.
const SETTINGS: &str = "\
# shellcheck disable=SC2030,SC2031 # each part runs in a shell of its own
set -eu
";

const HEADER: &str = "\
#!/bin/sh
# For the administrator of MACHINE. Written by stitch-pg; it contains no secret and can be run twice.
# Run it as root: sudo sh FILE
# Then check: stitch-pg check
";
