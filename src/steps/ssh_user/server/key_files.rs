//! Whether sshd finds the key where it is: `AuthorizedKeysFile`, `AuthorizedKeysCommand`, `TrustedUserCAKeys`.

use super::case::{Case, View, bad};
use crate::finding::{Code, Finding};
use crate::shell;
use crate::steps::ssh_user::facts::KeyFile;
use crate::steps::ssh_user::modes::Node;

/// The usual file is one of those it reads, or the key is in one of the others as well.
pub(super) fn reads_the_key(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let others = files_elsewhere(case, view)?;
    let ours = usual_file(case);
    if others.is_empty() {
        return Some(reads_no_file(case, view));
    }
    let strict = !view.is("strictmodes", "no");
    match case.server.key_file_elsewhere() {
        Some(file) if strict => unsafe_file(case, file),
        Some(_) => None,
        None => {
            let (user, read) = (case.user(), others.join(" "));
            let text = format!("for {user}, sshd does not read {ours}, but {read} (AuthorizedKeysFile)");
            let line = format!("AuthorizedKeysFile {read} .ssh/authorized_keys");
            Some(case.bad(Code::SshAuthorizedKeysElsewhere, text, &[&line]))
        }
    }
}

/// The files that sshd reads, where the usual one is not among them.
pub(super) fn files_elsewhere<'a>(case: &Case<'_>, view: &View<'a>) -> Option<Vec<&'a str>> {
    let files = view.words("authorizedkeysfile");
    if files.is_empty() || files.iter().any(|file| expanded(case, file) == usual_file(case)) {
        return None;
    }
    Some(files.into_iter().filter(|file| *file != "none").collect())
}

fn usual_file(case: &Case<'_>) -> String {
    format!("{}/.ssh/authorized_keys", case.home)
}

/// `AuthorizedKeysFile none`: what is there instead of files?
fn reads_no_file(case: &Case<'_>, view: &View<'_>) -> Finding {
    let user = case.user();
    let set = |keyword: &str| view.value(keyword).filter(|value| *value != "none");
    let (code, text) = if let Some(command) = set("authorizedkeyscommand") {
        (
            Code::SshKeysFromCommand,
            format!("sshd reads no key file for {user}, but runs the command {command} (AuthorizedKeysCommand)"),
        )
    } else if let Some(authorities) = set("trustedusercakeys") {
        (
            Code::SshCertificatesOnly,
            format!("sshd accepts only certificates from {user}, signed by a key in {authorities} (TrustedUserCAKeys)"),
        )
    } else {
        (
            Code::SshAuthorizedKeysElsewhere,
            format!("sshd reads no key file for {user} (AuthorizedKeysFile none)"),
        )
    };
    case.bad(code, text, &["AuthorizedKeysFile .ssh/authorized_keys"])
}

/// `StrictModes`: every directory up to `/` belongs to root or the user, and no other user may write. Below the home sshd
/// stops at the home, and that is checked with the account.
fn unsafe_file(case: &Case<'_>, file: &KeyFile) -> Option<Finding> {
    let inside = format!("{}/", case.home);
    let is_inside = |node: &&Node| node.path.starts_with(&inside);
    let is_anothers = |node: &Node| node.owner != 0 && Some(node.owner) != case.uid;
    let is_in_the_home = file.nodes.first().is_none_or(|first| is_inside(&first));
    let mut nodes = file.nodes.iter().filter(|node| !is_in_the_home || is_inside(node));
    let node = nodes.find(|node| node.others_may_write() || is_anothers(node))?;
    let path = shell::word(&node.path);
    let chown = is_anothers(node).then(|| format!("chown -h root {path}"));
    let chmod = node.others_may_write().then(|| format!("chmod go-w {path}"));
    let cure: Vec<String> = chown.into_iter().chain(chmod).collect();
    let text = format!(
        "sshd ignores the file with Stitch's key, because users other than root and {} can change {} (owner {}, {})",
        case.user(),
        node.path,
        node.owner,
        node.mode
    );
    let advice = format!("as root on the SSH server: {}", cure.join(" && "));
    Some(bad(Code::SshKeyFileUnsafe, text, advice))
}

fn expanded(case: &Case<'_>, file: &str) -> String {
    let file = file
        .replace("%h", &case.home)
        .replace("%u", case.user())
        .replace("%%", "%");
    if file.starts_with('/') {
        file
    } else {
        format!("{}/{file}", case.home)
    }
}
