//! Keys in the files that the SSH server reads for Stitch's user, and that are not Stitch's.

use super::is_other_key;
use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::public_key::PublicKey;
use crate::settings::{Adopt, BastionSettings};
use crate::steps::ssh_user::facts::{SshServer, TunnelAccount};

/// Whether another run of this program may have put it there, for a moment. Only what stands before the key counts: the
/// comment behind it may say anything.
fn is_temporary(line: &str) -> bool {
    let line = line.trim();
    let options = line.split(" AAAA").next().unwrap_or_default();
    line.ends_with(" stitch-pg-proof")
        && options.starts_with("restrict,")
        && ["expiry-time=\"", "permitopen=\""]
            .iter()
            .all(|part| options.contains(part))
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
            if is_temporary(line) {
                let text = format!("a temporary key for a tunnel test can log in as {user}: {place}");
                plan.unknown(
                    Code::SshKeyFileOtherKeys,
                    text,
                    "another run of stitch-pg may use it at this moment; if none runs, remove the line",
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
    let shown = places.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let more = if places.len() > 5 { ", …" } else { "" };
    let text = format!("keys other than Stitch's can log in as {user}: {shown}{more}");
    let verdict = Verdict::bad_if(account.made_by_us && bastion.adopt == Adopt::No);
    let finding = Finding::new(Code::SshKeyFileOtherKeys, verdict, text);
    plan.find(finding.about(user).advise(
        "find out who put them there. Take the lines out where nobody needs them: whoever holds such a key is not kept to \
         the database",
    ));
}
