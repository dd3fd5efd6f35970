//! The script that reads on in the SSH server's log.

use super::frame::script;
use crate::names::LinuxUser;
use crate::statement::Statement;

/// Prints what the log got since `place` (empty: from now on) as `line=…`, and the place where the next reading begins as
/// `place=…`. Where there is nothing new it waits so many seconds for it.
pub(crate) fn read_sshd_log(user: &LinuxUser, place: &str, wait: u64) -> Statement {
    script(
        "Read the SSH server's log; nothing is changed.",
        &[("user", user.as_str()), ("place", place), ("wait", &wait.to_string())],
        include_str!("scripts/read_sshd_log.sh"),
    )
}
