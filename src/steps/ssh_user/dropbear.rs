//! The small SSH server of embedded systems and of Alpine.

use crate::finding::{Code, Finding};

/// Dropbear has no `sshd -T`: its settings are the flags it was started with.
pub(super) fn judge(command: &str, user: &str) -> Finding {
    if command.split_whitespace().any(|word| word == "-j") {
        return Finding::bad(
            Code::SshForwardingOff,
            "The SSH server is Dropbear and was started with -j: it forwards no connections.",
        )
        .about(user)
        .advise("Start Dropbear without -j.");
    }
    Finding::good(
        Code::SshServerAllows,
        format!(
            "The SSH server is Dropbear ({}), which lets {user} log in with a key and forward.",
            command.trim()
        ),
    )
}
