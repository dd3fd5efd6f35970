//! Whether sshd lets this user in with this key.

use super::case::{Case, View, bad, names_user, unknown};
use crate::finding::{Code, Finding};
use crate::pattern;
use crate::shell;

/// `AllowUsers` and its like. A list inside a `Match` block replaces the global one.
pub(super) fn is_listed(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let user = case.user();
    let refused = |keyword: &str, line: &str| {
        let text = format!("sshd refuses {user} by {keyword} in its configuration");
        Some(case.bad(Code::SshNotAllowed, text, &[line]))
    };
    if view.lists_user("denyusers", user) {
        // Entries for other users, or for this user from other addresses, stay.
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

/// The user, without addresses where it has none there; else its present entries and one for each of Stitch's addresses.
fn allowed(case: &Case<'_>, view: &View<'_>) -> String {
    let user = case.user();
    let own = |word: &&str| {
        word.rsplit_once('@')
            .is_some_and(|(name, _)| pattern::matches(name, user))
    };
    let words = view.words("allowusers").into_iter().filter(own);
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    if words.is_empty() {
        return user.to_owned();
    }
    words.extend(case.settings.stitch.allow.iter().map(|cidr| format!("{user}@{cidr}")));
    words.join(" ")
}

/// `RefuseConnection`, since OpenSSH 10.0.
pub(super) fn stays_connected(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let user = view.is("refuseconnection", "yes").then(|| case.user())?;
    let text = format!("sshd ends every connection of {user} (RefuseConnection)");
    Some(case.bad(Code::SshNotAllowed, text, &["RefuseConnection no"]))
}

/// `RevokedKeys`.
pub(super) fn revokes_no_keys(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let file = view.value("revokedkeys");
    let file = file.filter(|file| !file.eq_ignore_ascii_case("none"))?;
    match case.server.key_revoked {
        Some(false) => None,
        Some(true) => {
            // In a `Match` block sshd takes `none` for a file, and refuses every key for want of it.
            let text = format!(
                "sshd refuses Stitch's key, because it is in the list {file}, or there is no such file (RevokedKeys)"
            );
            let cure = case.drop_in(&["RevokedKeys /dev/null"]);
            let advice = format!("if you trust Stitch's key: {cure}");
            Some(bad(Code::SshNotAllowed, text, advice))
        }
        None => {
            let text = format!(
                "sshd refuses the keys listed in {file} (RevokedKeys); whether Stitch's is one of them was not checked"
            );
            let file = shell::word(file);
            let advice = format!(
                "on the SSH server, with Stitch's public key in stitch.pub: ssh-keygen -Q -f {file} stitch.pub"
            );
            Some(unknown(Code::SshNotAllowed, text, advice))
        }
    }
}

/// `PubkeyAuthentication`.
pub(super) fn takes_keys(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let user = view.is("pubkeyauthentication", "no").then(|| case.user())?;
    let text = format!("sshd does not accept keys from {user} (PubkeyAuthentication no)");
    Some(case.bad(Code::SshKeyLoginOff, text, &["PubkeyAuthentication yes"]))
}

/// `AuthenticationMethods`.
pub(super) fn takes_keys_alone(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let lists = view.words("authenticationmethods");
    if lists.is_empty() || lists.iter().any(|list| matches!(*list, "any" | "publickey")) {
        return None;
    }
    let (user, lists) = (case.user(), lists.join(" "));
    let text =
        format!("sshd requires more than a key from {user} (AuthenticationMethods {lists}), which Stitch cannot give");
    Some(case.bad(Code::SshSecondFactor, text, &["AuthenticationMethods publickey"]))
}

/// `PubkeyAcceptedAlgorithms`, called `PubkeyAcceptedKeyTypes` before 8.5.
pub(super) fn takes_this_type(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let kind = case.bastion.public_key.as_ref()?.kind();
    let algorithms: &[&str] = match kind {
        "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
        kind => &[kind],
    };
    let mut keywords = ["PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes"].into_iter();
    let value = |keyword: &'static str| Some((keyword, view.value(&keyword.to_ascii_lowercase())?));
    let (keyword, accepted) = keywords.find_map(value)?;
    let takes = |algorithm: &&str| accepted.split(',').any(|name| pattern::matches(name, algorithm));
    let missing = algorithms.iter().filter(|name| **name != "ssh-rsa" && !takes(name));
    let missing: Vec<&str> = missing.copied().collect();
    if missing.is_empty() {
        return None;
    }
    // Whether a client tries the next one depends on the client.
    let line = format!("{keyword} {}", with(accepted, &missing));
    if !algorithms.iter().any(takes) {
        let text = format!("sshd does not accept {kind} keys ({keyword})");
        return Some(case.bad(Code::SshKeyTypeRefused, text, &[&line]));
    }
    let signed = missing.join(" or ");
    let text = format!("sshd accepts {kind} keys, but not signed with {signed}, which Stitch may use ({keyword})");
    Some(unknown(Code::SshKeyTypeRefused, text, case.drop_in(&[&line])))
}

/// What is accepted now and this type; `+TYPE` would accept all of OpenSSH's own list besides. RSA keys sign with SHA-2.
fn with(accepted: &str, missing: &[&str]) -> String {
    let missing = missing.join(",");
    if accepted.starts_with(['+', '-', '^']) {
        format!("+{missing}")
    } else {
        format!("{accepted},{missing}")
    }
}

/// `RequiredRSASize`.
pub(super) fn takes_this_size(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let least: usize = view.value("requiredrsasize")?.parse().ok()?;
    let key = case.bastion.public_key.as_ref()?;
    let bits = key.bits().filter(|bits| *bits < least)?;
    let text = format!("sshd requires RSA keys of at least {least} bits (RequiredRSASize), but Stitch's has {bits}");
    Some(case.bad(Code::SshKeyTooShort, text, &[&format!("RequiredRSASize {bits}")]))
}
