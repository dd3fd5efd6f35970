//! `remove`: the firewall rules of this tool's own on the machine that Stitch reaches.

use crate::change::{Action, Change, Plan};
use crate::finding::Code;
use crate::firewall::{FirewallManager, Rank, marked, rich};
use crate::settings::Settings;
use crate::shell::Opening;

/// Those with our mark go, which are ufw's; of firewalld's, which bear none, it is told which look like ours.
pub(super) fn plan(plan: &mut Plan, settings: &Settings, printed: &str) {
    let (_, port, machine) = super::facts::entrance(settings);
    let port = port.number();
    let from = marked(printed, port);
    if from.is_empty() {
        let text = format!("no rule of stitch-pg is in the firewall on {machine}");
        plan.good(Code::Removed, text).concerning(machine);
    } else {
        let keeper = FirewallManager::Ufw(Rank::Last);
        let opening = Opening { keeper, from, port };
        plan.change(Change {
            summary: format!(
                "close port {port} on {machine} for {} of Stitch's addresses with ufw",
                opening.from.len()
            ),
            why: "These rules allow only Stitch. Other rules do not change.",
            action: Action::Ingress(opening.close()),
            undo: None, // where a rule must stand to count is found out anew: setup --manage firewall
        });
    }
    for (zone, cidr) in rich(printed, &settings.stitch.allow, port) {
        let opening = Opening {
            keeper: FirewallManager::Firewalld(zone),
            from: vec![cidr],
            port,
        };
        plan.unknown(
            Code::NotRemoved,
            format!(
                "firewalld on {machine} allows {cidr} on port {port}; its rules have no comment, so stitch-pg cannot check whether it made this one"
            ),
            format!(
                "if it is not needed, as root:\n  {}",
                opening.closing().join("\n  ")
            ),
        )
        .concerning(cidr);
    }
}
