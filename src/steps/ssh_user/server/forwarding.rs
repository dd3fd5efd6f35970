//! Whether sshd forwards for this user, and to the database.

use super::case::{Case, View, unknown};
use crate::finding::{Code, Finding};
use crate::pattern;
use crate::shell;
use crate::steps::ssh_user::key_options::opens;
use crate::steps::ssh_user::key_restrictions::target;

/// `DisableForwarding` and `AllowTcpForwarding`.
pub(super) fn forwards(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let user = case.user();
    let (what, lines) = if view.is("disableforwarding", "yes") {
        ("DisableForwarding yes".to_owned(), &ONLY_TCP[..])
    } else {
        let allowed = view.value("allowtcpforwarding")?;
        if matches!(allowed, "yes" | "all" | "local") {
            return None;
        }
        (format!("AllowTcpForwarding {allowed}"), &ONLY_TCP[1..2])
    };
    let text = format!("sshd forwards no connections for {user} ({what})");
    Some(case.bad(Code::SshForwardingOff, text, lines))
}

/// `DisableForwarding` forbids five kinds of forwarding at once; the other four stay off.
const ONLY_TCP: [&str; 6] = [
    "DisableForwarding no",
    "AllowTcpForwarding local",
    "AllowAgentForwarding no",
    "AllowStreamLocalForwarding no",
    "PermitTunnel no",
    "X11Forwarding no",
];

/// `PermitOpen`.
pub(super) fn forwards_there(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let targets = view.words("permitopen");
    let (host, port) = (case.settings.stitch.host.as_str(), case.settings.stitch.port.number());
    if targets.is_empty() || targets.iter().any(|target| opens(target, host, port)) {
        return None;
    }
    let kept: Vec<&str> = targets.iter().copied().filter(|target| *target != "none").collect();
    let wanted = target(host, port);
    let line = format!("PermitOpen {}", [kept.as_slice(), &[&wanted]].concat().join(" "));
    let (user, targets) = (case.user(), targets.join(" "));
    let text = format!("sshd forwards {user} to {targets} only, not to {host}:{port} (PermitOpen)");
    Some(case.bad(Code::SshForwardingRestricted, text, &[&line]))
}

/// `ChrootDirectory`: sshd closes the connection when others than root could change it, and no name is known inside.
pub(super) fn lets_out_of_its_chroot(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let folder = view.value("chrootdirectory").filter(|folder| *folder != "none")?;
    let user = case.user();
    let nodes = &case.server.chroot;
    let unsafe_node = nodes.iter().find(|node| node.owner != 0 || node.others_may_write());
    let host = &case.settings.stitch.host;
    let lines = ["ChrootDirectory none"];
    if let Some(node) = unsafe_node {
        let text = format!(
            "sshd closes the connection of {user} at once: ChrootDirectory is {folder}, and users other than root can change {} (owner {}, {})",
            node.path, node.owner, node.mode
        );
        return Some(case.bad(Code::SshChroot, text, &lines));
    }
    if nodes.is_empty() || host.address().is_some() {
        return None;
    }
    let text = format!(
        "sshd restricts {user} to {folder} (ChrootDirectory), where it may be unable to resolve the name {host}"
    );
    let advice = format!(
        "Give Stitch the database's address (--stitch-host). Or: {}",
        case.drop_in(&lines)
    );
    Some(unknown(Code::SshChroot, text, advice))
}

/// `ChannelTimeout`, since OpenSSH 9.2: a long statement says nothing for as long as it takes. (With `none` in a `Match` block
/// OpenSSH 10.0 ends every login: "internal error: bad timeout none".)
pub(super) fn keeps_silent_connections(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let cuts = |word: &&str| {
        word.split_once('=').is_some_and(|(kind, time)| {
            !time.trim_matches('0').is_empty() && (kind == "global" || pattern::matches(kind, "direct-tcpip"))
        })
    };
    let word = view.words("channeltimeout").into_iter().find(cuts)?;
    let text = format!(
        "sshd ends an idle forwarded connection of {} (ChannelTimeout {word})",
        case.user()
    );
    let cure = case.drop_in(&["ChannelTimeout direct-tcpip=0"]);
    let advice = format!("if a load takes longer: {cure}");
    Some(unknown(Code::SshForwardingRestricted, text, advice))
}

/// `UnusedConnectionTimeout`, since OpenSSH 9.2: Stitch may keep a connection between two loads.
pub(super) fn keeps_unused_connections(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let time = view.value("unusedconnectiontimeout");
    let time = time.filter(|time| !matches!(*time, "none" | "0"))?;
    let text = format!(
        "sshd ends a connection of {} on which nothing was open for a while (UnusedConnectionTimeout {time})",
        case.user()
    );
    let cure = case.drop_in(&["UnusedConnectionTimeout none"]);
    let advice = format!("if Stitch loses its connection between loads: {cure}");
    Some(unknown(Code::SshForwardingRestricted, text, advice))
}

/// `MaxSessions 0` stops shells and commands, not forwarding.
pub(super) fn opens_sessions(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let user = view.is("maxsessions", "0").then(|| shell::word(case.user()))?;
    let text = format!(
        "sshd opens no shell for {user} (MaxSessions 0); forwarding works without one, but Stitch may open one"
    );
    let advice = format!("if Stitch cannot connect: {}", case.drop_in(&["MaxSessions 10"]));
    Some(unknown(Code::SshNoSessions, text, advice))
}
