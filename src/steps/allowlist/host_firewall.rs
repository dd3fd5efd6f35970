//! The firewall of the machine itself, where its rules could be read: what each of Stitch's addresses meets there, and
//! with `--manage firewall` the way in.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::change::{Action, Change, Plan};
use crate::finding::{Code, Finding};
use crate::firewall::{FirewallManager, RulesetDump, Verdict};
use crate::names::Cidr;
use crate::settings::{Manage, Settings};
use crate::shell::Opening;

/// What the rules do with each address, and what would open them.
pub(super) fn plan(plan: &mut Plan, settings: &Settings, printed: &RulesetDump) {
    let (_, port, machine) = super::facts::entrance(settings);
    let port = port.number();
    let openings = openings(settings, printed, port);
    for cidr in &settings.stitch.allow {
        let answer = printed.answer(cidr.address(), port);
        let rule = answer.by.unwrap_or_default();
        let by = if rule.is_empty() {
            String::new()
        } else {
            format!(" ({rule})")
        };
        let finding = match answer.fate {
            Verdict::Accepted => {
                let text = format!("the firewall on {machine} allows this address on port {port}{by}");
                Finding::good(Code::FirewallOpen, text)
            }
            Verdict::Dropped => {
                let text = format!("the firewall on {machine} blocks this address on port {port}{by}");
                Finding::bad(Code::FirewallClosed, text).advise(advice(&openings))
            }
            Verdict::Unknown => {
                let text =
                    format!("whether the firewall on {machine} allows this address on port {port} depends on {rule}");
                Finding::unknown(Code::FirewallUncertain, text)
            }
        };
        plan.find(finding.about(cidr));
    }
    let first = settings.stitch.allow.first();
    if first.is_some_and(|cidr| printed.is_open_to_everybody(cidr.address(), port)) {
        plan.unknown(
            Code::FirewallOpenToAll,
            format!("the firewall on {machine} allows every address on port {port}"),
            "if this is not intended: allow the addresses that need access, then remove the rule for all addresses",
        )
        .concerning(port);
    }
    if settings.manages(Manage::Firewall) {
        plan.changes
            .extend(openings.iter().filter_map(|opening| change(machine, opening)));
    }
}

/// What lets in whoever is kept out, one for each place where that is decided. A rule put in moves the numbers of those
/// behind it, so the last place of a chain comes first.
fn openings(settings: &Settings, printed: &RulesetDump, port: u16) -> Vec<Opening> {
    let mut kept_out: BTreeMap<Reverse<FirewallManager>, Vec<Cidr>> = BTreeMap::new();
    for cidr in &settings.stitch.allow {
        let answer = printed.answer(cidr.address(), port);
        if let (Verdict::Dropped, Some(at)) = (answer.fate, answer.at) {
            let keeper = printed.keeper(cidr.address(), &at);
            kept_out.entry(Reverse(keeper)).or_default().push(*cidr);
        }
    }
    let opening = |(Reverse(keeper), from)| Opening { keeper, from, port };
    kept_out.into_iter().map(opening).collect()
}

/// Bare rules are gone after a boot, so putting them in would not be a change that is done.
fn change(machine: &str, opening: &Opening) -> Option<Change> {
    let open = opening.open()?;
    let who = match opening.from.len() {
        1 => "1 address of Stitch's".to_owned(),
        number => format!("{number} addresses of Stitch's"),
    };
    Some(Change {
        summary: format!(
            "open port {} on {machine} to {who} with {}",
            opening.port,
            opening.keeper.tool()
        ),
        why: "This machine's firewall drops connections from there. Existing rules do not change.",
        undo: Some(Action::Ingress(opening.close())),
        action: Action::Ingress(open),
    })
}

/// The commands, each on a line of its own that begins with two blanks, as everywhere in advice.
fn advice(openings: &[Opening]) -> String {
    let bare = openings
        .iter()
        .any(|opening| matches!(opening.keeper, FirewallManager::Nobody(_)));
    let heading = if bare {
        "open it with these, as root (--manage firewall changes only ufw and firewalld):"
    } else {
        "open it with these, or use --manage firewall:"
    };
    let mut text = heading.to_owned();
    for command in openings.iter().flat_map(Opening::commands) {
        text.push_str("\n  ");
        text.push_str(&command);
    }
    if bare {
        text.push_str("\nnote: these rules are lost at the next boot unless you also add them to the saved rules");
    }
    text
}
