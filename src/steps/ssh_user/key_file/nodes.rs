//! Owners and modes of the key file and of what it lies in: whether it may be written, and whether sshd reads it then.

use crate::finding::{Code, Finding};
use crate::names::LinuxUser;
use crate::settings::BastionSettings;
use crate::shell;
use crate::steps::ssh_user::facts::TunnelAccount;
use crate::steps::ssh_user::modes::Node;

/// Symbolic links may lead to files of other users; root does not follow them.
pub(super) fn not_ours_to_write(bastion: &BastionSettings, account: &TunnelAccount) -> Option<Finding> {
    let user = &bastion.tunnel_user;
    let odd = match (&account.ssh_node, &account.keys_node) {
        (Some(node), _) if !node.is_directory() => node,
        (_, Some(node)) if !node.is_file() => node,
        _ => return None,
    };
    let what = if odd.is_link() {
        "a symbolic link"
    } else {
        "not a regular file or directory"
    };
    let text = format!("{} is {what}; Stitch's key is not written there", odd.path);
    let path = shell::word(&odd.path);
    let mut remove = format!("rm {path}");
    if !account.home_node.as_ref().is_some_and(Node::is_roots) {
        remove = as_itself(user, &remove);
    }
    let advice =
        format!("look where it leads (ls -l {path}), and if {user} needs nothing behind it, as root: {remove}");
    let finding = Finding::bad(Code::SshKeyFileNotRegular, text);
    Some(finding.about(&odd.path).advise(advice))
}

/// The command as the user that could exchange what it names.
fn as_itself(user: &LinuxUser, command: &str) -> String {
    format!("su -s /bin/sh {user} -c {}", shell::quoted(command))
}

/// What neither root nor the user can write: other users could replace it while root writes, and it does not belong to the
/// user. The scripts judge by the same rule.
pub(super) fn out_of_hand(bastion: &BastionSettings, account: &TunnelAccount) -> Option<Finding> {
    let home = account.home_node.as_ref()?;
    let mut way = std::iter::once(home).chain(&account.above);
    let open = way.find(|node| !node.is_roots());
    if open.is_none() && account.ssh_node.as_ref().is_none_or(Node::is_roots) {
        return None;
    }
    let nodes = [&account.ssh_node, &account.keys_node];
    let node = nodes.into_iter().flatten().find(|node| node.owner != account.uid)?;
    let user = &bastion.tunnel_user;
    let path = shell::word(&node.path);
    let advice = match open {
        None if node.is_directory() => format!(
            "on the SSH server, as root: chown -h root: {path} && chmod 755 {path}; then run stitch-pg setup again"
        ),
        // The user itself could do nothing in a home of root's.
        Some(open) if home.owner != account.uid && open.owner == 0 => format!(
            "on the SSH server, as root: chmod go-w {}; then run stitch-pg setup again",
            shell::word(&open.path)
        ),
        _ => format!(
            "on the SSH server, as root, move it away as {user}: {}; then run stitch-pg setup again",
            as_itself(user, &format!("mv {path} {path}.old"))
        ),
    };
    let text = format!(
        "{} belongs to the user number {} with the mode {}; other users can replace it, so root does not write there",
        node.path, node.owner, node.mode
    );
    let finding = Finding::bad(Code::SshKeyFileNotRegular, text);
    Some(finding.about(&node.path).advise(advice))
}

/// What is wrong with owners and modes, in words. Files of root's that the user can read are as good as its own.
pub(super) fn wrong_modes(account: &TunnelAccount) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(home) = account.home_node.as_ref().filter(|home| home.others_may_write()) {
        wrong.push(format!("the mode {} of {}", home.mode, home.path));
    }
    for (node, rights) in [(&account.ssh_node, "rwx"), (&account.keys_node, "r")] {
        let Some(node) = node else { continue };
        let (uid, gid) = (account.uid, account.gid);
        let is_tight = if node.owner != 0 || uid == 0 {
            if node.owner != uid {
                wrong.push(format!("the owner {} of {}", node.owner, node.path));
            }
            node.is_private() && node.owner_may(rights)
        } else if node.is_directory() {
            !node.others_may_write() && node.lets_through(uid, gid)
        } else {
            !node.others_may_write() && node.lets_read(uid, gid)
        };
        if !is_tight {
            wrong.push(format!("the mode {} of {}", node.mode, node.path));
        }
    }
    wrong
}
