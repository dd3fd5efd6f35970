//! Unix sockets that sshd would listen on for Stitch's user (`ssh -R /tmp/back:…`). No option in front of a key refuses them,
//! in any OpenSSH: only `AllowStreamLocalForwarding` does. And ports: the key may listen on port 1 alone, which is root's, but
//! not on every machine.

use super::case::{Case, View};
use crate::change::{Action, Change, Plan};
use crate::finding::{Code, Finding, Verdict};
use crate::settings::{BastionSettings, KeyOption, Settings};
use crate::shell::{self, Sight};
use crate::statement::Statement;
use crate::steps::ssh_user::account::{self, came_from};
use crate::steps::ssh_user::facts::{Facts, PasswordField, TunnelAccount};
use crate::steps::ssh_user::key_file;

const WHY: &str = "The holder of Stitch's key could make sshd listen on Unix sockets. No key option forbids that.";
/// What the file says. `PermitListen` is for machines where port 1 is not root's.
const LINES: [&str; 2] = ["AllowStreamLocalForwarding no", "PermitListen none"];

/// Closes them where a file for this user alone does it, which root puts into a folder that sshd reads anyway. Everything else
/// is a problem with a printed fix.
pub(super) fn judge(case: &Case<'_>, facts: &Facts, views: &[View<'_>], plan: &mut Plan) {
    let bastion = case.bastion;
    let mut forwarding = views.iter().filter(|view| !view.is("disableforwarding", "yes"));
    let open = forwarding.find_map(|view| opens_sockets(view).or_else(|| opens_ports(view, facts)));
    let (Some(open), true) = (open, bastion.key_options.contains(&KeyOption::PermitOpen)) else {
        return;
    };
    let account = facts.account.as_ref();
    if account.is_some_and(|account| account::belongs_to_another(bastion, account).is_some()) {
        return;
    }
    let user = case.user();
    let is_shared = account.is_some_and(|account| is_shared(bastion, account));
    if let (Some(folder), false) = (&case.server.ways.our_folder, is_shared) {
        plan.change(close(case.settings, bastion, folder, Sight::Seen));
        return;
    }
    let text = format!("the holder of Stitch's key can make sshd listen on {open}, as {user}");
    let why = format!("; stitch-pg does not change that, because others also use the account {user}");
    let text = text + if is_shared { &why } else { "" };
    let known = if facts.server.knows_permitlisten() {
        LINES.len()
    } else {
        1
    };
    let finding = Finding::new(Code::SshStreamLocalForwarding, Verdict::bad_if(!is_shared), text);
    plan.find(finding.about(user).advise(case.drop_in(&LINES[..known])));
}

fn opens_sockets(view: &View<'_>) -> Option<String> {
    let value = view.value("allowstreamlocalforwarding")?;
    let closed = ["no", "local"].iter().any(|closed| value.eq_ignore_ascii_case(closed));
    (!closed).then(|| format!("Unix sockets (AllowStreamLocalForwarding {value})"))
}

fn opens_ports(view: &View<'_>, facts: &Facts) -> Option<String> {
    let closed =
        ["no", "local"].iter().any(|value| view.is("allowtcpforwarding", value)) || view.is("permitlisten", "none");
    let open = facts.server.low_ports_are_open && view.value("permitlisten").is_some() && !closed;
    open.then(|| "port 1, which every user may do there (net.ipv4.ip_unprivileged_port_start)".to_owned())
}

/// Whether others log in as the user: the file would hold for them, too.
fn is_shared(bastion: &BastionSettings, account: &TunnelAccount) -> bool {
    let others = key_file::count_other_keys(account, bastion.public_key.as_ref());
    !account.made_by_us && (others > 0 || account.password == PasswordField::Hash)
}

/// The same without knowing the server: the script asks sshd itself.
pub(in crate::steps::ssh_user) fn offline(settings: &Settings, bastion: &BastionSettings, plan: &mut Plan) {
    if bastion.key_options.contains(&KeyOption::PermitOpen) {
        plan.change(close(settings, bastion, shell::DROP_INS, Sight::Unseen));
    }
}

/// Takes the file out again when Stitch's key goes.
pub(in crate::steps::ssh_user) fn remove(
    settings: &Settings,
    bastion: &BastionSettings,
    facts: &Facts,
    plan: &mut Plan,
) {
    let Some(folder) = &facts.server.ways.has_our_file else {
        return;
    };
    let user = &bastion.tunnel_user;
    plan.change(Change {
        summary: format!("remove {folder}/{}", shell::socket_file(user)),
        why: "It was there for Stitch's key alone.",
        action: Action::Host(shell::open_sockets((user, folder), bastion.stitch_port)),
        undo: Some(Action::Host(closing(settings, bastion, folder, Sight::Seen))),
    });
}

fn close(settings: &Settings, bastion: &BastionSettings, folder: &str, sight: Sight) -> Change {
    let user = &bastion.tunnel_user;
    Change {
        summary: format!(
            "set {} for {user}, in {folder}/{}",
            LINES.join(" and "),
            shell::socket_file(user)
        ),
        why: WHY,
        action: Action::Host(closing(settings, bastion, folder, sight)),
        undo: (sight == Sight::Seen).then(|| Action::Host(shell::open_sockets((user, folder), bastion.stitch_port))),
    }
}

fn closing(settings: &Settings, bastion: &BastionSettings, folder: &str, sight: Sight) -> Statement {
    let to = (&bastion.stitch_host, bastion.stitch_port);
    shell::close_sockets((&bastion.tunnel_user, folder), &came_from(settings), to, sight)
}
