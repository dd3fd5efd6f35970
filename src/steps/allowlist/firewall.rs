//! The firewalls that cannot be checked from here: how to check each, and the command that opens it.

use super::facts::Facts;
use super::provided;
use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::names::Cidr;
use crate::provider::Provider;
use crate::provider::allow_list::AllowListRequest;
use crate::settings::Settings;

/// What was handed over of the provider's list, and what is not seen all the same.
pub(super) fn plan(plan: &mut Plan, settings: &Settings, facts: &Facts) {
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

/// What the server said of itself counts more than its name.
fn provider(settings: &Settings, facts: &Facts) -> Provider {
    match &facts.server {
        Some(server) => server.provider,
        None => settings.provider().unwrap_or_default(),
    }
}

/// Commands stand on lines of their own that begin with two blanks, as everywhere in advice.
fn host_commands(port: u16, allow: &[Cidr]) -> String {
    let open: Vec<String> = allow
        .iter()
        .map(|cidr| format!("\n  ufw allow proto tcp from {cidr} to any port {port}"))
        .collect();
    format!(
        "check with:\n  ss -ltn\n  nft list ruleset\n  ufw status; firewall-cmd --list-all\nif you use ufw, open with:{}",
        open.concat()
    )
}
