//! Options of Stitch's line that limit it further than was chosen.

use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::pattern;
use crate::settings::{BastionSettings, Settings};
use crate::steps::ssh_user::facts::TunnelAccount;
use crate::steps::ssh_user::key_options::{KeyLine, opens};

/// They are kept, but they must not keep Stitch out.
pub(super) fn narrower(
    settings: &Settings,
    bastion: &BastionSettings,
    (line, account, path): (&KeyLine<'_>, &TunnelAccount, &str),
    plan: &mut Plan,
) {
    let user = &bastion.tunnel_user;
    if let (Some(end), Some((now, _))) = (line.values("expiry-time").into_iter().min(), &account.soon) {
        // A day without a time is its first moment.
        let is_over = format!("{:0<14}", end.trim_end_matches('Z')) <= *now;
        let text = format!("Stitch's key is accepted only until {end} (expiry-time in authorized_keys)");
        let advice = format!("remove expiry-time=\"{end}\" from the options of the line in {path}");
        let finding = Finding::new(Code::SshNotAllowed, Verdict::bad_if(is_over), text);
        plan.find(finding.about(user).advise(advice));
    }
    let (host, port) = (settings.stitch.host.as_str(), settings.stitch.port.number());
    let targets = line.values("permitopen");
    if !targets.is_empty() && !targets.iter().any(|target| opens(target, host, port)) {
        let text = format!(
            "Stitch's key may only be forwarded to {}, not to {host}:{port} (permitopen in authorized_keys)",
            targets.join(", ")
        );
        let advice = format!("add permitopen=\"{host}:{port}\" to the options of the line in {path}");
        plan.bad(Code::SshForwardingRestricted, text, advice).concerning(user);
    }
    let from: Vec<&str> = line.values("from").iter().flat_map(|list| list.split(',')).collect();
    let shut_out: Vec<String> = settings
        .stitch
        .allow
        .iter()
        .map(|cidr| cidr.address())
        .filter(|address| !from.is_empty() && !pattern::list_allows(from.iter().copied(), *address))
        .map(|address| address.to_string())
        .collect();
    if !shut_out.is_empty() {
        let text = format!(
            "Stitch's key is not accepted from {} (from=\"…\" in authorized_keys)",
            shut_out.join(", ")
        );
        let advice = format!("add the addresses to from=\"…\" in {path}");
        plan.bad(Code::SshNotAllowed, text, advice).concerning(user);
    }
}
