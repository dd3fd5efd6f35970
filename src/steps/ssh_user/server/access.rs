//! Whether sshd lets this user in with this key.

use super::{Case, Problem};
use crate::finding::Code;
use crate::steps::ssh_user::sshd::View;

/// `AllowUsers` and its like. Inside a `Match` block a list of its own stands in place of the one for everybody.
pub(super) fn is_listed(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    let user = case.user();
    let refused = |keyword: &str, line: &str| {
        Some(Problem::bad(
            Code::SshNotAllowed,
            format!("sshd refuses {user} by {keyword} in its configuration"),
            case.drop_in(&[line]),
        ))
    };
    if view.lists_user("denyusers", user) {
        return refused("DenyUsers", "DenyUsers nobody");
    }
    if !view.words("allowusers").is_empty() && !view.lists_user("allowusers", user) {
        return refused("AllowUsers", &format!("AllowUsers {user}"));
    }
    if view.lists_group("denygroups", &case.groups) {
        return refused("DenyGroups", "DenyGroups nogroup");
    }
    if !view.words("allowgroups").is_empty() && !view.lists_group("allowgroups", &case.groups) {
        let group = case.groups.first().map_or(user, String::as_str);
        return refused("AllowGroups", &format!("AllowGroups {group}"));
    }
    None
}

/// `PubkeyAuthentication`.
pub(super) fn takes_keys(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    view.is("pubkeyauthentication", "no").then(|| {
        Problem::bad(
            Code::SshKeysOff,
            format!("sshd does not take keys from {} (PubkeyAuthentication no)", case.user()),
            case.drop_in(&["PubkeyAuthentication yes"]),
        )
    })
}

/// `AuthenticationMethods`.
pub(super) fn takes_keys_alone(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    let lists = view.words("authenticationmethods");
    if lists.is_empty() || lists.iter().any(|list| matches!(*list, "any" | "publickey")) {
        return None;
    }
    Some(Problem::bad(
        Code::SshMoreThanKey,
        format!(
            "sshd wants more than a key from {} (AuthenticationMethods {}), which Stitch cannot give",
            case.user(),
            lists.join(" ")
        ),
        case.drop_in(&["AuthenticationMethods publickey"]),
    ))
}

/// `PubkeyAcceptedAlgorithms`, called `PubkeyAcceptedKeyTypes` before 8.5.
pub(super) fn takes_this_type(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
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
    if algorithms.iter().any(takes) {
        return None;
    }
    Some(Problem::bad(
        Code::SshKeyTypeRefused,
        format!("sshd takes no {kind} keys ({keyword})"),
        case.drop_in(&[&format!("{keyword} +{}", algorithms[0])]),
    ))
}

/// `RequiredRSASize`.
pub(super) fn takes_this_size(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    let least: usize = view.value("requiredrsasize")?.parse().ok()?;
    let key = case.bastion.public_key.as_ref()?;
    let bits = key.bits().filter(|bits| *bits < least)?;
    Some(Problem::bad(
        Code::SshKeyTooShort,
        format!("sshd wants RSA keys of {least} bits at least (RequiredRSASize), and Stitch's has {bits}"),
        case.drop_in(&[&format!("RequiredRSASize {bits}")]),
    ))
}
