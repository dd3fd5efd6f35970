//! Scripts about the account itself: they inspect it, make it, make it usable with a key, restore it and remove it. They
//! look for tools, never for the name of a distribution.

use std::net::IpAddr;

use super::frame::{Sight, about, expanded, framed, line_of, script, spaced};
use super::sshd::socket_file;
use crate::names::{HostName, LinuxUser, Port};
use crate::public_key::PublicKey;
use crate::settings::LoginShell;
use crate::statement::Statement;

/// In the account's comment field: by it `remove` knows a user that this tool made.
pub(crate) const MADE_BY_US: &str = "Stitch (made by stitch-pg)";

/// Adds a group and a user of that name. Its home is root's, so only root can add a key there. Its password is `*`: no
/// password fits, yet the account is not locked, as it is with `!`, which sshd refuses even for keys when it runs without PAM.
pub(crate) fn add_user(user: &LinuxUser, shell: &LoginShell) -> Statement {
    framed(
        "Add the user that Stitch logs in as. It has a key and no password.",
        &[
            ("user", user.as_str()),
            ("shell", shell_word(shell)),
            ("comment", MADE_BY_US),
        ],
        &expanded(include_str!("scripts/add_user.sh")).replace("LINE", &line_of(user)),
    )
}

/// Gives an existing user another login shell.
pub(crate) fn set_shell(user: &LinuxUser, shell: &LoginShell) -> Statement {
    let settings = [("user", user.as_str()), ("shell", shell_word(shell))];
    let purpose = "Set the chosen login shell of Stitch's user.";
    script(purpose, &settings, include_str!("scripts/set_shell.sh"))
}

/// Turns the locked password `!` into the impossible one `*`. A real password is never removed.
pub(crate) fn unlock_for_keys(user: &LinuxUser, sight: Sight) -> Statement {
    let template = include_str!("scripts/unlock.sh");
    let template = match sight {
        Sight::Seen => template.replace("OTHER", "fail"),
        Sight::Unseen => template.replace("OTHER", "echo").replace(". fail", ""),
    };
    let purpose = "Make the account usable with a key, without a password.";
    about(user, purpose, &template)
}

/// Makes the home directory that the account database names and that is missing. It is root's.
pub(crate) fn make_home(user: &LinuxUser) -> Statement {
    let purpose = "Create the home directory of Stitch's user.";
    about(user, purpose, include_str!("scripts/make_missing_home.sh"))
}

/// Takes the user away again, unless a key can still use the account. Files that are not ours stay.
pub(crate) fn remove_user(user: &LinuxUser) -> Statement {
    let purpose = "Remove Stitch's user. Also remove its home if it contains only the usual files.";
    let body = expanded(include_str!("scripts/remove_user.sh")).replace("LINE", &line_of(user));
    framed(purpose, &[("user", user.as_str())], &body)
}

/// Prints which files in the user's home are not copies from `/etc/skel`.
pub(crate) fn inspect_leftovers(user: &LinuxUser) -> Statement {
    let purpose = "Check what Stitch's user owns. This changes nothing.";
    about(user, purpose, include_str!("scripts/inspect_leftovers.sh"))
}

/// Changes nothing: prints everything about the account, its key file and the SSH server that decides whether Stitch can log in
/// and forward, as `name=value` lines. Works when the user does not exist.
///
/// `from`: where Stitch connects from; `host` and `port`: where it connects to; `key`: also looked for in files elsewhere;
/// `database`: the name whose addresses matter (empty: none). Reads the user and the server; `sshd -T` is asked once for each
/// address that Stitch connects from, since `Match` blocks can distinguish them.
pub(crate) fn inspect_ssh_user(
    user: &LinuxUser,
    key: Option<&PublicKey>,
    from: &[IpAddr],
    (host, port): (&HostName, Port),
    database: &str,
) -> Statement {
    framed(
        "Check the user that Stitch logs in as, and the SSH server. This changes nothing.",
        &[
            ("user", user.as_str()),
            ("body", key.map_or("", PublicKey::body)),
            ("stitch_key", &key.map_or_else(String::new, PublicKey::bare)),
            ("addresses", &spaced(from)),
            ("host", host.as_str()),
            ("port", &port.to_string()),
            ("database", database),
            ("comment", MADE_BY_US),
            ("socket_file", &socket_file(user)),
            ("max", "1048577"),
        ],
        &expanded(include_str!("scripts/inspect_ssh_user.sh")).replace("LINE", &line_of(user)),
    )
}

/// For a script that was written without a check. Stops where the user is there, without Stitch's key, and has what Stitch's user
/// would not have: a group of administrators, or a number below the first of ordinary users.
pub(crate) fn stop_if_foreign_account(
    user: &LinuxUser,
    key: Option<&PublicKey>,
    powerful: &[&str],
    first_ordinary_id: u32,
) -> Statement {
    script(
        "Stop if the user is used for something else. This changes nothing.",
        &[
            ("user", user.as_str()),
            ("body", key.map_or("", PublicKey::body)),
            ("powerful", &format!(" {} ", powerful.join(" "))),
            ("ordinary", &first_ordinary_id.to_string()),
        ],
        include_str!("scripts/stop_where_foreign.sh"),
    )
}

/// Takes a home away again that is still empty.
pub(crate) fn remove_home(user: &LinuxUser) -> Statement {
    let purpose = "Remove the home directory, if it is empty.";
    about(user, purpose, include_str!("scripts/remove_home.sh"))
}

/// Locks the account as it was locked before; `changed` is the day that stood beside it.
pub(crate) fn lock_again(user: &LinuxUser, lock: &str, changed: Option<i64>) -> Statement {
    let changed = changed.map(|day| day.to_string()).unwrap_or_default();
    let settings = [("user", user.as_str()), ("lock", lock), ("changed", &changed)];
    script(
        "Lock the account again.",
        &settings,
        include_str!("scripts/lock_again.sh"),
    )
}

/// Empty: the system's own.
fn shell_word(shell: &LoginShell) -> &str {
    match shell {
        LoginShell::Any => "",
        LoginShell::This(path) => path,
        LoginShell::Nologin => "nologin",
    }
}
