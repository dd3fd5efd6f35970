//! Scripts about the account itself: made, made usable with a key, taken away. They look for tools, never for the name
//! of a distribution.

use super::frame::{Sight, expanded, framed, line_of, script};
use crate::names::LinuxUser;
use crate::settings::LoginShell;
use crate::statement::Statement;

/// In the account's comment field: by it `remove` knows a user that this tool made.
pub(crate) const MADE_BY_US: &str = "Stitch (made by stitch-pg)";

/// Adds a group and a user of that name. Its home is root's, so nobody but root can let a key in there. Its password is `*`: no password fits, yet the account
/// is not locked, as it is with `!`, which sshd refuses even for keys when it runs without PAM.
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
    script(
        "Set the chosen login shell of Stitch's user.",
        &[("user", user.as_str()), ("shell", shell_word(shell))],
        include_str!("scripts/set_shell.sh"),
    )
}

/// Turns the locked password `!` into the impossible one `*`. A real password is never removed.
pub(crate) fn unlock_for_keys(user: &LinuxUser, sight: Sight) -> Statement {
    let template = include_str!("scripts/unlock.sh");
    let template = match sight {
        Sight::Seen => template.replace("OTHER", "fail"),
        Sight::Unseen => template.replace("OTHER", "echo").replace(". fail", ""),
    };
    script(
        "Make the account usable with a key, without a password.",
        &[("user", user.as_str())],
        &template,
    )
}

/// Makes the home directory that the account database names and that is missing. It is root's.
pub(crate) fn make_home(user: &LinuxUser) -> Statement {
    script(
        "Create the home directory of Stitch's user.",
        &[("user", user.as_str())],
        include_str!("scripts/make_missing_home.sh"),
    )
}

/// Takes the user away again, unless a key can still use the account. Files that are not ours stay.
pub(crate) fn remove_user(user: &LinuxUser) -> Statement {
    framed(
        "Remove Stitch's user. Also remove its home if it contains only the usual files.",
        &[("user", user.as_str())],
        &expanded(include_str!("scripts/remove_user.sh")).replace("LINE", &line_of(user)),
    )
}

/// Tells what is in the user's home that nobody puts there by default.
pub(crate) fn inspect_leftovers(user: &LinuxUser) -> Statement {
    script(
        "Check what Stitch's user owns. This changes nothing.",
        &[("user", user.as_str())],
        include_str!("scripts/inspect_leftovers.sh"),
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
