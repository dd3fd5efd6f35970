//! Stitch's key in a file outside the home that the SSH server reads (`AuthorizedKeysFile /etc/ssh/keys/%u`). The administrator
//! writes such a file, so what is wrong with it is reported.

use super::lines::is_stitchs;
use super::narrower::narrower;
use crate::change::Plan;
use crate::finding::Code;
use crate::public_key::PublicKey;
use crate::settings::{BastionSettings, Settings};
use crate::steps::ssh_user::facts::{Facts, TunnelAccount};
use crate::steps::ssh_user::key_options::KeyLine;
use crate::steps::ssh_user::key_restrictions::KeyRestrictions;

/// Judges each line with the key. Returns the file of one that is as it should be.
pub(super) fn judge<'a>(
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
