//! A script that was written without a look stops before an account that is somebody else's.

use super::home::{ONLY_ROOTS, WORKER, inside};
use super::{FAIL, HAS, LOOK_UP, script};
use crate::names::LinuxUser;
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// By what an account is known to be somebody else's.
#[derive(Clone, Copy, Debug)]
pub struct Signs<'a> {
    /// Groups whose members are people or powers.
    pub groups: &'a [&'a str],
    /// Below it are the system's own users.
    pub first_ordinary_id: u32,
}

/// Stops where the user is there, without Stitch's key, and has what Stitch's user would not have.
#[must_use]
pub fn stop_where_foreign(user: &LinuxUser, key: Option<&PublicKey>, signs: Signs<'_>) -> Statement {
    script(
        "Stop before a user that is somebody else's; nothing is changed.",
        &[
            ("user", user.as_str()),
            ("body", key.map_or("", PublicKey::body)),
            ("powerful", &format!(" {} ", signs.groups.join(" "))),
            ("ordinary", &signs.first_ordinary_id.to_string()),
        ],
        &[
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            STRANGER,
            "if [ \"$name\" = \"$user\" ]; then",
            POWERS,
            "if [ -d \"$home\" ]; then",
            WORKER,
            &inside("keys", &["cat \"$real/.ssh/authorized_keys\" 2>/dev/null || :"]),
            "keys=$(in_home keys)\nfi",
            LOOK,
            "fi",
        ],
    )
}

/// The same signs, in the same order, as `belongs_to_another` of the step has them.
const STRANGER: &str = r#"
keys=
stranger() { fail "the user $user is there and is not Stitch's: $1; choose another with --tunnel-user, or say --adopt-user"; }
"#;

const POWERS: &str = r#"
[ "$uid" != 0 ] || stranger "it is root under another name"
for group in $(id -Gn "$user"); do
    case $powerful in *" $group "*) stranger "it is in the group $group" ;; esac
done
"#;

const LOOK: &str = r#"
if [ -z "$body" ] || ! printf '%s\n' "$keys" | grep -v '^[[:space:]]*#' | grep -qF -e "$body"; then
    while IFS=: read -r name hash _ && [ "$name" != "$user" ]; do :; done </etc/shadow
    case $hash in '$'* | '!$'* | '!!$'*) stranger "it has a password" ;; esac
    if printf '%s\n' "$keys" | grep -q '^[[:space:]]*[^#[:space:]].*[[:space:]]AAAA'; then
        stranger "other keys can log in ($home/.ssh/authorized_keys)"
    fi
    if [ "$uid" -lt "$ordinary" ] && [ -d "$home" ] && [ ! -d "$home/.ssh" ]; then
        stranger "it is one of the system's own (uid $uid)"
    fi
fi
"#;
