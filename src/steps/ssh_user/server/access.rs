//! Whether sshd lets this user in with this key.

use super::case::{Case, View, bad, names_user, unknown};
use crate::finding::{Code, Finding};
use crate::pattern;
use crate::shell;

/// `AllowUsers` and its like. Inside a `Match` block a list of its own stands in place of the one for everybody.
pub(super) fn is_listed(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let user = case.user();
    let refused = |keyword: &str, line: &str| {
        Some(bad(
            Code::SshNotAllowed,
            format!("sshd refuses {user} by {keyword} in its configuration"),
            case.drop_in(&[line]),
        ))
    };
    if view.lists_user("denyusers", user) {
        // What stands there for others, or for this user elsewhere, goes on being denied.
        let denies = |word: &str| {
            let mut stitch = case.settings.stitch.allow.iter();
            stitch.any(|cidr| names_user(word, user, Some(cidr.address())))
        };
        let kept = without(&view.words("denyusers"), denies).unwrap_or_else(|| "nobody".to_owned());
        return refused("DenyUsers", &format!("DenyUsers {kept}"));
    }
    if !view.words("allowusers").is_empty() && !view.lists_user("allowusers", user) {
        return refused("AllowUsers", &format!("AllowUsers {}", allowed(case, view)));
    }
    if view.lists_group("denygroups", &case.groups) {
        let denies = |word: &str| case.groups.iter().any(|group| pattern::matches(word, group));
        let kept = without(&view.words("denygroups"), denies).unwrap_or_else(|| "nogroup".to_owned());
        return refused("DenyGroups", &format!("DenyGroups {kept}"));
    }
    if !view.words("allowgroups").is_empty() && !view.lists_group("allowgroups", &case.groups) {
        let group = case.groups.first().map_or(user, String::as_str);
        return refused("AllowGroups", &format!("AllowGroups {group}"));
    }
    None
}

/// The words of a list that do not keep the user out; `None` when there are none, or when there are exceptions among them.
fn without(words: &[&str], denies: impl Fn(&str) -> bool) -> Option<String> {
    let kept: Vec<&str> = words.iter().copied().filter(|word| !denies(word)).collect();
    (!kept.is_empty() && !words.iter().any(|word| word.starts_with('!'))).then(|| kept.join(" "))
}

/// The user; where it may come from some addresses only, from Stitch's as well and no others.
fn allowed(case: &Case<'_>, view: &View<'_>) -> String {
    let user = case.user();
    let own = |word: &&str| {
        word.rsplit_once('@')
            .is_some_and(|(name, _)| pattern::matches(name, user))
    };
    let mut words: Vec<String> = view
        .words("allowusers")
        .into_iter()
        .filter(own)
        .map(str::to_owned)
        .collect();
    if words.is_empty() {
        return user.to_owned();
    }
    words.extend(case.settings.stitch.allow.iter().map(|cidr| format!("{user}@{cidr}")));
    words.join(" ")
}

/// `RefuseConnection`, since OpenSSH 10.0.
pub(super) fn stays_connected(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    view.is("refuseconnection", "yes").then(|| {
        bad(
            Code::SshNotAllowed,
            format!("sshd ends every connection of {} (RefuseConnection)", case.user()),
            case.drop_in(&["RefuseConnection no"]),
        )
    })
}

/// `RevokedKeys`.
pub(super) fn revokes_no_keys(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let file = view
        .value("revokedkeys")
        .filter(|file| !file.eq_ignore_ascii_case("none"))?;
    if case.server.key_revoked == Some(false) {
        return None;
    }
    if case.server.key_revoked == Some(true) {
        // In a `Match` block sshd takes `none` for a file, and refuses every key for want of it.
        return Some(bad(
            Code::SshNotAllowed,
            format!(
                "sshd refuses Stitch's key, because it is in the list {file}, or there is no such file (RevokedKeys)"
            ),
            format!(
                "if Stitch's key is to be trusted: {}",
                case.drop_in(&["RevokedKeys /dev/null"])
            ),
        ));
    }
    Some(unknown(
        Code::SshNotAllowed,
        format!(
            "sshd refuses the keys listed in {file} (RevokedKeys); whether Stitch's is one of them was not checked"
        ),
        format!(
            "on the SSH server, with Stitch's public key in stitch.pub: ssh-keygen -Q -f {} stitch.pub",
            shell::word(file)
        ),
    ))
}

/// `PubkeyAuthentication`.
pub(super) fn takes_keys(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    view.is("pubkeyauthentication", "no").then(|| {
        bad(
            Code::SshKeyLoginOff,
            format!(
                "sshd does not accept keys from {} (PubkeyAuthentication no)",
                case.user()
            ),
            case.drop_in(&["PubkeyAuthentication yes"]),
        )
    })
}

/// `AuthenticationMethods`.
pub(super) fn takes_keys_alone(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let lists = view.words("authenticationmethods");
    if lists.is_empty() || lists.iter().any(|list| matches!(*list, "any" | "publickey")) {
        return None;
    }
    Some(bad(
        Code::SshSecondFactor,
        format!(
            "sshd requires more than a key from {} (AuthenticationMethods {}), which Stitch cannot give",
            case.user(),
            lists.join(" ")
        ),
        case.drop_in(&["AuthenticationMethods publickey"]),
    ))
}

/// `PubkeyAcceptedAlgorithms`, called `PubkeyAcceptedKeyTypes` before 8.5.
pub(super) fn takes_this_type(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let kind = case.bastion.public_key.as_ref()?.kind();
    let algorithms: &[&str] = match kind {
        "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
        kind => &[kind],
    };
    let (keyword, accepted) = [
        ("PubkeyAcceptedAlgorithms", "pubkeyacceptedalgorithms"),
        ("PubkeyAcceptedKeyTypes", "pubkeyacceptedkeytypes"),
    ]
    .into_iter()
    .find_map(|(keyword, key)| Some((keyword, view.value(key)?)))?;
    let takes = |algorithm: &&str| accepted.split(',').any(|name| crate::pattern::matches(name, algorithm));
    let missing: Vec<&str> = algorithms
        .iter()
        .filter(|name| **name != "ssh-rsa" && !takes(name))
        .copied()
        .collect();
    if missing.is_empty() {
        return None;
    }
    // Whether a client tries the next one depends on the client.
    let cure = case.drop_in(&[&format!("{keyword} {}", with(accepted, &missing))]);
    Some(if algorithms.iter().any(takes) {
        let signed = missing.join(" or ");
        let text = format!("sshd accepts {kind} keys, but not signed with {signed}, which Stitch may use ({keyword})");
        unknown(Code::SshKeyTypeRefused, text, cure)
    } else {
        bad(
            Code::SshKeyTypeRefused,
            format!("sshd does not accept {kind} keys ({keyword})"),
            cure,
        )
    })
}

/// What is accepted now and this type; `+TYPE` would accept all of OpenSSH's own list besides. RSA keys sign with SHA-2.
fn with(accepted: &str, missing: &[&str]) -> String {
    let sign = if accepted.starts_with(['+', '-', '^']) { "+" } else { "" };
    let before = if sign.is_empty() {
        format!("{accepted},")
    } else {
        String::new()
    };
    format!("{sign}{before}{}", missing.join(","))
}

/// `RequiredRSASize`.
pub(super) fn takes_this_size(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let least: usize = view.value("requiredrsasize")?.parse().ok()?;
    let key = case.bastion.public_key.as_ref()?;
    let bits = key.bits().filter(|bits| *bits < least)?;
    Some(bad(
        Code::SshKeyTooShort,
        format!("sshd requires RSA keys of at least {least} bits (RequiredRSASize), but Stitch's has {bits}"),
        case.drop_in(&[&format!("RequiredRSASize {bits}")]),
    ))
}
