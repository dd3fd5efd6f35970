//! Whether `authorized_keys` holds Stitch's key exactly once, with the chosen limits, and whether sshd accepts the file.

use super::facts::{Facts, KeyEnd, TunnelAccount};
use super::key_options::{KeyLine, is_key_line, is_other_key, is_piece, is_stitchs};
use super::key_restrictions::KeyRestrictions;
use super::modes::Node;
use crate::change::{Action, Change, Plan};
use crate::finding::{Code, Finding};
use crate::public_key::PublicKey;
use crate::settings::{BastionSettings, Settings};
use crate::shell::{self, PreviousKeyFile, Sight};
use crate::statement::Statement;

mod lines;
mod nodes;

use lines::{in_other_files, narrower, other_keys};
use nodes::{not_ours_to_write, out_of_hand, wrong_modes};

pub(super) const WHY: &str =
    "Stitch logs in with this key. It forwards connections and needs no terminal, agent or X11.";

/// For a script that is written without a check: what the change is called, and the options in front of the key.
pub(super) fn offline(
    settings: &Settings,
    bastion: &BastionSettings,
    key: &PublicKey,
    facts: &Facts,
) -> (String, String) {
    let wanted = KeyRestrictions::new(settings, bastion, facts);
    let summary = format!(
        "install Stitch's key {key} for {}, {}",
        bastion.tunnel_user,
        wanted.purpose()
    );
    (summary, wanted.text(None))
}

/// Plans what is missing, or says that all is well.
pub(super) fn judge(settings: &Settings, bastion: &BastionSettings, key: &PublicKey, facts: &Facts, plan: &mut Plan) {
    let user = &bastion.tunnel_user;
    let empty = TunnelAccount::default();
    let account = facts.account.as_ref().unwrap_or(&empty);
    if let Some(finding) = not_ours_to_write(bastion, account) {
        plan.find(finding);
        return;
    }
    let wanted = KeyRestrictions::new(settings, bastion, facts);
    for option in &wanted.impossible {
        let text = format!(
            "the SSH server is a Dropbear version that does not support the key option {}=, so stitch-pg does not write it",
            option.as_str()
        );
        let advice = "limit the addresses in a firewall, or use OpenSSH";
        plan.unknown(Code::SshKeyOptionUnknown, text, advice).concerning(user);
    }
    let purpose = wanted.purpose();
    let state = KeyFileState::of(account, key, &wanted);
    let modes = wrong_modes(account);
    other_keys(bastion, account, key, &facts.server, plan);
    let elsewhere = in_other_files((settings, bastion), (account, key), &wanted, facts, plan);
    if let Some(path) = elsewhere.filter(|_| state.lines.is_empty() && state.pieces == 0) {
        let text = format!("Stitch's key {key} is installed for {user} in {path}, {purpose}");
        plan.good(Code::SshKeyInstalled, text).concerning(key.fingerprint());
        return;
    }
    if let Some(finding) = out_of_hand(bastion, account).filter(|_| state.problem().is_some() || !modes.is_empty()) {
        plan.find(finding);
        return;
    }
    if let Some(problem) = state.problem() {
        plan.change(Change {
            summary: format!("{problem} Stitch's key {key} for {user}, {purpose}"),
            why: WHY,
            action: Action::Host(shell::install_key(user, key, &state.options(), Sight::Seen)),
            undo: Some(Action::Host(undo(bastion, key, facts, &state))),
        });
    }
    // Installing sets the modes of the file and its directory, too, but not of the home.
    if !modes.is_empty()
        && (state.problem().is_none() || account.home_node.as_ref().is_some_and(Node::others_may_write))
    {
        plan.change(Change {
            summary: format!("correct {} for {user}", modes.join(" and ")),
            why: "sshd ignores a key file that others can write.",
            action: Action::Host(shell::fix_modes(user)),
            undo: Some(Action::Host(shell::put_modes_back(user, &before(account)))),
        });
    }
    if state.problem().is_none() && modes.is_empty() {
        let text = format!("Stitch's key {key} is installed for {user}, once, {purpose}");
        plan.good(Code::SshKeyInstalled, text).concerning(key.fingerprint());
    }
    let path = format!("~{user}/.ssh/authorized_keys");
    for line in state.lines.iter().filter(|line| wanted.is_met_by(line)) {
        narrower(settings, bastion, (line, account, &path), plan);
    }
}

/// The key file as it was. With a new account there was none, and where its bytes are not known exactly Stitch's line goes.
fn undo(bastion: &BastionSettings, key: &PublicKey, facts: &Facts, state: &KeyFileState<'_>) -> Statement {
    let user = &bastion.tunnel_user;
    let Some(account) = facts
        .account
        .as_ref()
        .filter(|account| !matches!(account.key_end, KeyEnd::Mixed | KeyEnd::Unread))
    else {
        return shell::remove_key(user, key);
    };
    let mut text = account.key_lines.join("\n");
    if account.key_end == KeyEnd::Usual && !account.key_lines.is_empty() {
        text.push('\n');
    }
    let mut line = Some(format!("{} {}\n", state.options(), key.line()));
    let mut written = String::new();
    for old in &account.key_lines {
        if is_key_line(old) && (old.contains(key.body()) || is_piece(old, key)) {
            written.extend(line.take());
        } else {
            written.push_str(old);
            written.push('\n');
        }
    }
    written.extend(line);
    shell::put_keys_back(user, key, (&text, &written), &before(account))
}

fn before(account: &TunnelAccount) -> PreviousKeyFile {
    let was = |node: &Option<Node>| node.as_ref().map(Node::was).unwrap_or_default();
    PreviousKeyFile {
        home: was(&account.home_node),
        folder: was(&account.ssh_node),
        file: was(&account.keys_node),
    }
}

/// Whether the account's file holds the key, in whatever shape.
pub(super) fn holds(account: &TunnelAccount, key: &PublicKey) -> bool {
    account.key_lines.iter().any(|line| is_stitchs(line, key))
}

/// What stands in front of Stitch's key, a line or pieces of one, which is there to be taken out; or why it is not this tool's
/// to write.
pub(super) fn ours(
    settings: &Settings,
    bastion: &BastionSettings,
    account: &TunnelAccount,
    key: &PublicKey,
    facts: &Facts,
) -> Option<Result<String, Finding>> {
    let wanted = KeyRestrictions::new(settings, bastion, facts);
    let state = KeyFileState::of(account, key, &wanted);
    if state.lines.is_empty() && state.pieces == 0 {
        return None;
    }
    Some(not_ours_to_write(bastion, account).map_or_else(|| Ok(state.options()), Err))
}

/// How many keys besides Stitch's can log in.
pub(super) fn count_other_keys(account: &TunnelAccount, key: Option<&PublicKey>) -> usize {
    let lines = account.key_lines.iter();
    lines.filter(|line| is_other_key(line, key)).count()
}

struct KeyFileState<'a> {
    lines: Vec<KeyLine<'a>>,
    pieces: usize,
    wanted: &'a KeyRestrictions,
}

impl<'a> KeyFileState<'a> {
    fn of(account: &'a TunnelAccount, key: &PublicKey, wanted: &'a KeyRestrictions) -> Self {
        let ours = account.key_lines.iter().filter(|line| is_stitchs(line, key));
        Self {
            lines: ours.map(|line| KeyLine::parse(line)).collect(),
            pieces: account.key_lines.iter().filter(|line| is_piece(line, key)).count(),
            wanted,
        }
    }

    /// What is written in front of the key.
    fn options(&self) -> String {
        match self.lines.as_slice() {
            [line] => self.wanted.text(Some(line)),
            _ => self.wanted.text(None),
        }
    }

    /// The verb of the change, if one is needed.
    fn problem(&self) -> Option<&'static str> {
        match self.lines.as_slice() {
            [] if self.pieces > 0 => Some("join the pieces of"),
            [] => Some("install"),
            [line] if self.wanted.is_met_by(line) && self.pieces == 0 => None,
            [line] if self.wanted.is_met_by(line) => Some("remove broken pieces of"),
            [_] => Some("tighten"),
            _ => Some("keep only one line with"),
        }
    }
}
