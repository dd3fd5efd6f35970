//! The firewalls: what each of Stitch's addresses meets at the machine's own, where its rules could be read, and with
//! `--manage firewall` the way in; how to check those that cannot be checked from here, and the command that opens each.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::facts::{Facts, entrance};
use super::provided;
use crate::change::{Action, Change, Plan};
use crate::finding::{Code, Finding};
use crate::firewall::{FirewallManager, RulesetDump, Verdict};
use crate::names::Cidr;
use crate::provider::Provider;
use crate::provider::allow_list::AllowListRequest;
use crate::settings::{Manage, Settings};
use crate::shell::Opening;

/// What was handed over of the provider's list, what is not seen all the same, and the machine's own firewall.
pub(super) fn plan(plan: &mut Plan, settings: &Settings, facts: &Facts) {
    others(plan, settings, facts);
    if let Some(printed) = &facts.firewall {
        of_the_machine(plan, settings, printed);
    }
}

fn others(plan: &mut Plan, settings: &Settings, facts: &Facts) {
    let provider = provider(settings, facts);
    if let Some(list) = &settings.way_in.allow_list {
        provided::plan(plan, settings, provider, list);
        // A managed service has no other firewall before the database; anything else may have several.
        if settings.bastion.is_none() && provider != Provider::SelfHosted {
            return;
        }
    }
    plan.find(unseen(settings, facts));
}

fn unseen(settings: &Settings, facts: &Facts) -> Finding {
    match &settings.bastion {
        None => direct(settings, provider(settings, facts)),
        Some(bastion) => {
            let (port, database) = (bastion.stitch_port.number(), settings.stitch.port);
            let text = format!(
                "firewalls cannot be checked from here: in front of the SSH server (Stitch on port {port}) and of the \
                 database (the SSH server on port {database})"
            );
            let advice = format!(
                "on the SSH server, {}\nin front of it (security group, provider firewall): allow the same addresses on port \
                 {port}\nat the database: allow the SSH server's private address on port {database}",
                host_commands(port, &settings.stitch.allow)
            );
            let finding = Finding::unknown(Code::FirewallNotChecked, text).advise(advice);
            finding.about(format!("{}:{port}", bastion.stitch_host))
        }
    }
}

fn direct(settings: &Settings, provider: Provider) -> Finding {
    let (host, port) = (settings.stitch.host.as_str(), settings.stitch.port.number());
    let allow = &settings.stitch.allow;
    let request = AllowListRequest {
        host,
        port,
        cidrs: allow,
        list: None,
    };
    let (text, advice) = match provider.definition().commands.map(|commands| commands(&request)) {
        Some(commands) => {
            let mind = commands.mind.map(|mind| format!("\nnote: {mind}"));
            let (place, look, open) = (commands.place, commands.look, commands.open.join("\n  "));
            (
                format!("the provider's allow list cannot be checked from here; it is {place}"),
                format!(
                    "check with:\n  {look}\nopen with:\n  {open}{}",
                    mind.unwrap_or_default()
                ),
            )
        }
        None => (
            format!("whether firewalls allow Stitch on port {port} cannot be checked from here"),
            format!(
                "on the database server, {}\nin front of it (security group, provider firewall, router): allow the same \
                 addresses on port {port}\non a managed service: name it with --provider, and stitch-pg shows its commands",
                host_commands(port, allow)
            ),
        ),
    };
    let finding = Finding::unknown(Code::FirewallNotChecked, text).advise(advice);
    finding.about(format!("{host}:{port}"))
}

/// What the server reports of itself counts more than its name.
fn provider(settings: &Settings, facts: &Facts) -> Provider {
    match &facts.server {
        Some(server) => server.provider,
        None => settings.provider().unwrap_or_default(),
    }
}

/// Commands stand on lines of their own that begin with two blanks, as everywhere in advice.
fn host_commands(port: u16, allow: &[Cidr]) -> String {
    let open = |cidr: &Cidr| format!("\n  ufw allow proto tcp from {cidr} to any port {port}");
    let open: Vec<String> = allow.iter().map(open).collect();
    format!(
        "check with:\n  ss -ltn\n  nft list ruleset\n  ufw status; firewall-cmd --list-all\nif you use ufw, open with:{}",
        open.concat()
    )
}

/// What the rules do with each address, and what would open them.
fn of_the_machine(plan: &mut Plan, settings: &Settings, printed: &RulesetDump) {
    let (_, port, machine) = entrance(settings);
    let port = port.number();
    let openings = openings(settings, printed, port);
    for cidr in &settings.stitch.allow {
        let answer = printed.answer(cidr.address(), port);
        let by = answer.by.as_ref().map_or_else(String::new, |rule| format!(" ({rule})"));
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
                let rule = answer.by.unwrap_or_default();
                let text =
                    format!("whether the firewall on {machine} allows this address on port {port} depends on {rule}");
                Finding::unknown(Code::FirewallUncertain, text)
            }
        };
        plan.find(finding.about(cidr));
    }
    let first = settings.stitch.allow.first();
    if first.is_some_and(|cidr| printed.is_open_to_everybody(cidr.address(), port)) {
        let text = format!("the firewall on {machine} allows every address on port {port}");
        let advice =
            "if this is not intended: allow the addresses that need access, then remove the rule for all addresses";
        plan.unknown(Code::FirewallOpenToAll, text, advice).concerning(port);
    }
    if settings.manages(Manage::Firewall) {
        plan.changes
            .extend(openings.iter().filter_map(|opening| change(machine, opening)));
    }
}

/// What lets in the addresses that are kept out: one opening for each place where that is decided. A new rule moves the
/// numbers of those behind it, so the last place of a chain comes first.
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
    let (port, tool, number) = (opening.port, opening.keeper.tool(), opening.from.len());
    Some(Change {
        summary: format!("open port {port} on {machine} to {number} of Stitch's addresses with {tool}"),
        why: "This machine's firewall drops connections from there. Existing rules do not change.",
        undo: Some(Action::Ingress(opening.close())),
        action: Action::Ingress(open),
    })
}

/// The commands, each on a line of its own that begins with two blanks, as everywhere in advice.
fn advice(openings: &[Opening]) -> String {
    let is_bare = |opening: &Opening| matches!(opening.keeper, FirewallManager::Nobody(_));
    let bare = openings.iter().any(is_bare);
    let heading = if bare {
        "open it with these, as root (--manage firewall changes only ufw and firewalld):"
    } else {
        "open it with these, or use --manage firewall:"
    };
    let commands = openings.iter().flat_map(Opening::commands);
    let mut text = commands.fold(heading.to_owned(), |text, command| format!("{text}\n  {command}"));
    if bare {
        text.push_str("\nnote: these rules are lost at the next boot unless you also add them to the saved rules");
    }
    text
}
