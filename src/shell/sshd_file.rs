//! Scripts about one file of our own in sshd's configuration: it keeps Stitch's user from having sshd listen on Unix sockets.
//! No option in front of a key does that.

use std::net::IpAddr;

use super::frame::{Sight, expanded, framed};
use crate::names::{LinuxUser, Port};
use crate::statement::Statement;

/// Where sshd looks for files besides its own, unless it is known otherwise.
pub(crate) const DROP_INS: &str = "/etc/ssh/sshd_config.d";

/// The file's name in that folder. The printed fix for the same has the same, so that either finds the other's.
pub(crate) fn socket_file(user: &LinuxUser) -> String {
    format!("00-stitch-pg-{user}-allowstreamlocalforwarding.conf")
}

/// What is to be closed, and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sockets<'a> {
    /// Stitch's login name.
    pub(crate) user: &'a LinuxUser,
    /// The folder of sshd's further files.
    pub(crate) folder: &'a str,
    /// Where Stitch connects from: `Match` blocks can tell addresses apart.
    pub(crate) from: &'a [IpAddr],
    /// The port Stitch dials.
    pub(crate) port: Port,
}

/// Writes the file, asks sshd itself whether that closes it, and takes it out again where it does not.
pub(crate) fn close_sockets(sockets: &Sockets<'_>, sight: Sight) -> Statement {
    let or_else = match sight {
        Sight::Seen => "exit 1",
        Sight::Unseen => ":",
    };
    about(
        "Forbid that Stitch's user makes sshd listen on Unix sockets or ports. This adds one file, for this user only.",
        sockets,
        &expanded(include_str!("scripts/close_sockets.sh")).replace("OR_ELSE", or_else),
    )
}

/// Takes the file out again.
pub(crate) fn open_sockets(sockets: &Sockets<'_>) -> Statement {
    about(
        "Remove stitch-pg's file for Stitch's user from sshd's configuration.",
        sockets,
        &expanded(include_str!("scripts/open_sockets.sh")),
    )
}

fn about(purpose: &str, sockets: &Sockets<'_>, body: &str) -> Statement {
    let addresses: Vec<String> = sockets.from.iter().map(IpAddr::to_string).collect();
    let settings = [
        ("user", sockets.user.as_str()),
        ("into", sockets.folder),
        ("ours", &socket_file(sockets.user)),
        ("addresses", &addresses.join(" ")),
        ("port", &sockets.port.to_string()),
    ];
    framed(purpose, &settings, body)
}
