//! What is reported of the lines in the files that the SSH server reads for Stitch's user: limits of Stitch's own, Stitch's key
//! in a file outside the home, and other keys.

use std::net::IpAddr;

use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::pattern;
use crate::plural::first_few;
use crate::public_key::PublicKey;
use crate::settings::{Adopt, BastionSettings, Settings};
use crate::steps::ssh_user::facts::{Facts, SshServer, TunnelAccount};
use crate::steps::ssh_user::key_options::{KeyLine, is_other_key, is_stitchs, opens};
use crate::steps::ssh_user::key_restrictions::KeyRestrictions;

/// Options of Stitch's line that limit it further than was chosen are kept, but they must not keep Stitch out.
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
        let targets = targets.join(", ");
        let text = format!(
            "Stitch's key may only be forwarded to {targets}, not to {host}:{port} (permitopen in authorized_keys)"
        );
        let advice = format!("add permitopen=\"{host}:{port}\" to the options of the line in {path}");
        plan.bad(Code::SshForwardingRestricted, text, advice).concerning(user);
    }
    let from: Vec<&str> = line.values("from").iter().flat_map(|list| list.split(',')).collect();
    let addresses = settings.stitch.allow.iter().map(|cidr| cidr.address());
    let is_shut_out = |address: &IpAddr| !from.is_empty() && !pattern::list_allows(from.iter().copied(), *address);
    let shut_out: Vec<String> = addresses
        .filter(is_shut_out)
        .map(|address| address.to_string())
        .collect();
    if !shut_out.is_empty() {
        let shut_out = shut_out.join(", ");
        let text = format!("Stitch's key is not accepted from {shut_out} (from=\"…\" in authorized_keys)");
        let advice = format!("add the addresses to from=\"…\" in {path}");
        plan.bad(Code::SshNotAllowed, text, advice).concerning(user);
    }
}

/// Stitch's key in a file outside the home that the SSH server reads (`AuthorizedKeysFile /etc/ssh/keys/%u`). The administrator
/// writes such a file, so what is wrong with it is reported. Returns the file of a line that is as it should be.
pub(super) fn in_other_files<'a>(
    (settings, bastion): (&Settings, &BastionSettings),
    (account, key): (&TunnelAccount, &PublicKey),
    wanted: &KeyRestrictions,
    facts: &'a Facts,
    plan: &mut Plan,
) -> Option<&'a str> {
    let mut good = None;
    for file in &facts.server.key_files {
        let path = file.nodes.first().map_or("", |node| &node.path);
        for line in file.lines.iter().filter(|line| is_stitchs(line, key)) {
            let line = KeyLine::parse(line);
            if wanted.is_met_by(&line) {
                narrower(settings, bastion, (&line, account, path), plan);
                good = Some(path);
                continue;
            }
            let text = format!("Stitch's key {key} may do more than forward to the database: its line in {path}");
            let advice = format!(
                "as root on the SSH server, write in {path} in place of that line: {} {}",
                wanted.text(Some(&line)),
                key.line()
            );
            plan.bad(Code::SshKeyUnrestricted, text, advice).concerning(path);
        }
    }
    good
}

/// Whether another run of this program may have put it there, for a moment. Only what stands before the key counts: the
/// comment behind it may say anything. A key that has ended already, or that does not end soon, is none of ours.
fn is_temporary(line: &str, soon: Option<&(String, String)>) -> bool {
    let Some((now, soon)) = soon else { return false };
    let parsed = KeyLine::parse(line);
    let ends = parsed.values("expiry-time");
    line.trim().ends_with(" stitch-pg-proof")
        && parsed.options.first() == Some(&"restrict")
        && !parsed.values("permitopen").is_empty()
        && ends.len() == 1
        && ends[0].len() == now.len()
        && (now.as_str()..=soon.as_str()).contains(&ends[0])
}

/// An account that was made for Stitch holds no other key. One that was there before may be shared.
pub(super) fn other_keys(
    bastion: &BastionSettings,
    account: &TunnelAccount,
    key: &PublicKey,
    server: &SshServer,
    plan: &mut Plan,
) {
    let user = &bastion.tunnel_user;
    let mut places = Vec::new();
    for (number, line) in account.key_lines.iter().enumerate() {
        if is_other_key(line, Some(key)) {
            let path = account.keys_node.as_ref().map_or("", |node| &node.path);
            let place = format!("{path} line {}", number + 1);
            if is_temporary(line, account.soon.as_ref()) {
                let text = format!("a temporary key for a tunnel test can log in as {user}: {place}");
                let advice = "another run of stitch-pg may be using it; if none runs, remove the line";
                plan.unknown(Code::SshKeyFileOtherKeys, text, advice).concerning(user);
            } else {
                places.push(place);
            }
        }
    }
    for file in &server.key_files {
        let count = file.lines.iter().filter(|line| is_other_key(line, Some(key))).count();
        if count > 0 {
            let path = file.nodes.first().map_or("", |node| &node.path);
            places.push(format!("{path} ({count})"));
        }
    }
    if places.is_empty() {
        return;
    }
    let text = format!(
        "keys other than Stitch's can log in as {user}: {}",
        first_few(&places, 5)
    );
    let verdict = Verdict::bad_if(account.made_by_us && bastion.adopt == Adopt::No);
    let finding = Finding::new(Code::SshKeyFileOtherKeys, verdict, text);
    let advice = "find out who added them, and remove the lines that are not needed: such a key can reach more than the database";
    plan.find(finding.about(user).advise(advice));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_key_that_ends_soon_is_temporary() {
        let soon = ("20261130052500".to_owned(), "20261130052705".to_owned());
        let line = |options: &str| format!("{options} ssh-ed25519 AAAAC3 stitch-pg-proof");
        let ours = |end: &str| {
            line(&format!(
                "restrict,port-forwarding,permitopen=\"db:5432\",expiry-time=\"{end}\""
            ))
        };
        for (line, wanted) in [
            (ours("20261130052700"), true),
            (ours("20261130052500"), true),
            (ours("20261130052459"), false),
            (ours("20261130052706"), false),
            (ours("20991130052600"), false),
            (ours("20261130"), false),
            (ours("202611300526001"), false),
            (ours("20261130052600Z"), false),
            (line("restrict,expiry-time=\"20261130052600\""), false),
            (line("permitopen=\"db:5432\",expiry-time=\"20261130052600\""), false),
            // Two of them: the server takes the earlier one, and this program writes one.
            (ours("20261130052600\",expiry-time=\"20261130052601"), false),
            // What stands in another option, or behind the key, is not one.
            (
                line("restrict,command=\"permitopen=\\\"x\\\",expiry-time=\\\"20261130052600\\\"\""),
                false,
            ),
            (
                "restrict ssh-ed25519 AAAAC3 permitopen=\"x\",expiry-time=\"20261130052600\" stitch-pg-proof"
                    .to_owned(),
                false,
            ),
        ] {
            assert_eq!(is_temporary(&line, Some(&soon)), wanted, "{line}");
            assert!(!is_temporary(&line, None), "{line}");
        }
    }
}
