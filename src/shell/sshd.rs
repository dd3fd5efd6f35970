//! Scripts about sshd: its log, and one file of our own in its configuration, which keeps Stitch's user from having sshd
//! listen on Unix sockets. No option in front of a key does that.

use std::net::IpAddr;

use super::frame::{Sight, expanded, framed, script, spaced};
use crate::names::{HostName, LinuxUser, Port};
use crate::statement::Statement;

/// Where sshd reads further files, unless another folder is known.
pub(crate) const DROP_INS: &str = "/etc/ssh/sshd_config.d";

/// The file's name in that folder. The printed fix for the same has the same, so that either finds the other's.
pub(crate) fn socket_file(user: &LinuxUser) -> String {
    format!("00-stitch-pg-{user}-allowstreamlocalforwarding.conf")
}

/// Writes the file into a folder of sshd's further files, asks sshd itself whether that closes it, and takes it out again where it does not. `from`:
/// where Stitch connects from, and `host` and `port`: where to, since `Match` blocks can distinguish addresses.
pub(crate) fn close_sockets(
    (user, folder): (&LinuxUser, &str),
    from: &[IpAddr],
    (host, port): (&HostName, Port),
    sight: Sight,
) -> Statement {
    let (or_else, host) = match sight {
        Sight::Seen => ("exit 1", host.as_str()),
        // The name may be that of the machine on which the script is written.
        Sight::Unseen => (":", ""),
    };
    let purpose =
        "Forbid that Stitch's user makes sshd listen on Unix sockets or ports. This adds one file, for this user only.";
    let body = expanded(include_str!("scripts/close_sockets.sh")).replace("OR_ELSE", or_else);
    about(purpose, (user, folder), (from, host, port), &body)
}

/// Takes the file out again.
pub(crate) fn open_sockets((user, folder): (&LinuxUser, &str), port: Port) -> Statement {
    let purpose = "Remove stitch-pg's file for Stitch's user from sshd's configuration.";
    let body = expanded(include_str!("scripts/open_sockets.sh"));
    about(purpose, (user, folder), (&[], "", port), &body)
}

fn about(
    purpose: &str,
    (user, folder): (&LinuxUser, &str),
    (from, host, port): (&[IpAddr], &str, Port),
    body: &str,
) -> Statement {
    let settings = [
        ("user", user.as_str()),
        ("into", folder),
        ("ours", &socket_file(user)),
        ("addresses", &spaced(from)),
        ("host", host),
        ("port", &port.to_string()),
    ];
    framed(purpose, &settings, body)
}

/// Prints what the log got since `place` (empty: from now on) as `line=…`, and the place where the next reading begins as
/// `place=…`. Where there is nothing new it waits so many seconds for it.
pub(crate) fn read_sshd_log(user: &LinuxUser, place: &str, wait: u64) -> Statement {
    let wait = wait.to_string();
    let settings = [("user", user.as_str()), ("place", place), ("wait", &wait)];
    let purpose = "Read the SSH server's log; nothing is changed.";
    script(purpose, &settings, include_str!("scripts/read_sshd_log.sh"))
}
