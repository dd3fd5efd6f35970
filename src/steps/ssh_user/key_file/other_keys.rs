//! Keys in the files that the SSH server reads for Stitch's user, and that are not Stitch's.

use super::lines::is_other_key;
use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::plural::first_few;
use crate::public_key::PublicKey;
use crate::settings::{Adopt, BastionSettings};
use crate::steps::ssh_user::facts::{SshServer, TunnelAccount};
use crate::steps::ssh_user::key_options::KeyLine;

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

/// In an account that was made for Stitch nobody else has a key. One that was there before may be shared.
pub(super) fn judge(
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
                plan.unknown(
                    Code::SshKeyFileOtherKeys,
                    text,
                    "another run of stitch-pg may be using it; if none runs, remove the line",
                )
                .concerning(user);
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
    plan.find(finding.about(user).advise(
        "find out who added them, and remove the lines that are not needed: such a key can reach more than the database",
    ));
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
