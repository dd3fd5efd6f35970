//! Scripts for the SSH server, one function each: POSIX sh (dash, BusyBox ash), run as root, fed on standard input,
//! harmless when run twice. The only place that quotes words for a shell.

use std::fmt::Write as _;

use crate::names::LinuxUser;
use crate::statement::Statement;

mod account;
mod authorized_keys;
mod curl;
mod firewall;
mod hba;
mod hba_read;
mod home;
mod inspect;
mod proof;
mod put_back;
mod replace;
mod show;
mod stranger;

pub use account::{
    MADE_BY_US, Passworded, add_user, inspect_leftovers, make_home, remove_user, set_shell, unlock_for_keys,
};
pub use authorized_keys::{Present, fix_modes, install_key, remove_key};
pub use curl::curl;
pub use firewall::{Opening, inspect_firewall};
pub use hba::{add_hba_lines, find_hba_lines, inspect_hba, remove_hba_lines};
pub use hba_read::{Printed as PrintedHba, read_hba};
pub use inspect::{Looking, inspect_ssh_user};
pub use proof::{Expiry, lend_key, return_key};
pub use put_back::{Before, Was, lock_again, put_keys_back, put_modes_back, remove_home};
pub use stranger::{Signs, stop_where_foreign};

/// The last line a script prints. Without it the script did not reach its end, whatever its exit status says: a
/// command that was killed by a signal ends with status 0 as libssh2 tells it.
pub const DONE: &str = "stitch-pg: done";

/// Quotes any text as one word.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Quotes a word where it needs it, for commands that people read.
#[must_use]
pub fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@%+=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// The regular expression (of `grep`) that finds the user's or group's line in `/etc/passwd` and the like, as one word.
fn line_of(user: &LinuxUser) -> String {
    quoted(&format!("^{}:", user.as_str().replace('.', "[.]")))
}

/// Puts a body into the frame that all scripts share. The braces make the shell read everything before it runs
/// anything, so that a connection cut in the middle runs nothing; no command in them can eat the rest of the script.
fn script(purpose: &str, settings: &[(&str, &str)], body: &[&str]) -> Statement {
    let mut text =
        format!("# {purpose}\nset -euf\nexport LC_ALL=C PATH=\"$PATH:/usr/local/sbin:/usr/sbin:/sbin\"\n{{\n");
    for (name, value) in settings {
        let _ = writeln!(text, "{name}={}", quoted(value));
    }
    for part in body {
        text.push_str(part.trim_matches('\n'));
        text.push('\n');
    }
    let _ = writeln!(text, "}} </dev/null\necho {}", quoted(DONE));
    Statement::plain(text)
}

/// Says why and stops.
const FAIL: &str = r#"fail() { echo "stitch-pg: $*" >&2; exit 1; }"#;

/// Whether a tool is there; `command -v` would say so, too, but small builds of BusyBox lack it.
const HAS: &str = r#"has() { type "$1" >/dev/null 2>&1; }"#;

/// Waits for another run that is at the same place, by a lock on a folder that is held until the script ends. Text at
/// compile time, so that it can stand in the middle of other text.
macro_rules! one_at_a_time {
    ($folder:literal, $busy:literal) => {
        concat!(
            "if has flock; then\n",
            "    exec 9<",
            $folder,
            "\n",
            "    tries= # one letter each: small shells cannot reckon\n",
            "    until refused=$(flock -n 9 2>&1) || [ -n \"$refused\" ]; do\n",
            "        tries=x$tries\n",
            "        [ \"${#tries}\" -lt 20 ] || fail \"",
            $busy,
            "; run the same command again later\"\n",
            "        sleep 1\n",
            "    done\n",
            "fi\n"
        )
    };
}
use one_at_a_time;

/// Reads the user's entry in the account database into `name`, `uid`, `gid`, `home` and `shell`; `name` stays empty
/// when there is none. The home is never assumed to be below /home.
const LOOK_UP: &str = r#"
# The user's entry in the account database.
while IFS=: read -r name _ uid gid _ home _ && [ "$name" != "$user" ]; do :; done <<EOF
$(getent passwd "$user" 2>/dev/null || cat /etc/passwd)
EOF
"#;

#[cfg(test)]
mod tests;
