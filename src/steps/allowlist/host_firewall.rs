//! The firewall of the machine itself, where its rules could be read: what each of Stitch's addresses meets there.

use crate::finding::{Code, Finding};
use crate::firewall::{Fate, Packet, Printed};
use crate::names::Cidr;
use crate::settings::Settings;

/// What the rules do with each address.
pub(super) fn findings(settings: &Settings, printed: &Printed) -> Vec<Finding> {
    let (machine, port) = match &settings.bastion {
        Some(bastion) => ("the SSH server", bastion.stitch_port.number()),
        None => ("PostgreSQL's machine", settings.stitch.port.number()),
    };
    let finding = |cidr: &Cidr| {
        let from = cidr.address();
        let answer = printed.answer(Packet { from, port });
        let by = answer.by.map(|by| format!(" ({by})")).unwrap_or_default();
        let finding = match answer.fate {
            Fate::Accepted => Finding::good(
                Code::FirewallOpen,
                format!("the firewall on {machine} lets this address in on port {port}{by}"),
            ),
            Fate::Dropped => Finding::bad(
                Code::FirewallClosed,
                format!("the firewall on {machine} keeps this address out of port {port}{by}"),
            )
            .advise(open(settings, printed, port)),
            Fate::Unknown => Finding::unknown(
                Code::FirewallUnsure,
                format!(
                    "whether the firewall on {machine} lets this address in on port {port} hangs on {}",
                    by.trim()
                ),
            ),
        };
        finding.about(cidr)
    };
    settings.stitch.allow.iter().map(finding).collect()
}

/// The commands of the tool that keeps the rules there.
fn open(settings: &Settings, printed: &Printed, port: u16) -> String {
    let each = |command: &dyn Fn(&Cidr) -> String| {
        let lines = settings
            .stitch
            .allow
            .iter()
            .map(|cidr| format!("\n  {}", command(cidr)));
        lines.collect::<String>()
    };
    if printed.has("ufw") {
        return format!(
            "open, where it is ufw that keeps the rules, with:{}",
            each(&|cidr| format!("ufw allow proto tcp from {cidr} to any port {port}"))
        );
    }
    if printed.has("firewall-cmd") {
        let rule = |cidr: &Cidr| {
            let family = if cidr.address().is_ipv4() { "ipv4" } else { "ipv6" };
            format!(
                "firewall-cmd --permanent --add-rich-rule='rule family=\"{family}\" source address=\"{cidr}\" port \
                 port=\"{port}\" protocol=\"tcp\" accept'"
            )
        };
        return format!(
            "open, where it is firewalld that keeps the rules, with:{}\n  firewall-cmd --reload",
            each(&rule)
        );
    }
    format!(
        "put rules for Stitch's addresses and port {port} before the one named, where whoever keeps the rules keeps them"
    )
}
