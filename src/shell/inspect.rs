//! The script that only looks: everything about the account, its key file and the SSH server that decides whether
//! Stitch can log in and forward. It prints `name=value` lines and works when the user does not exist.

use std::net::IpAddr;

use super::account::MADE_BY_US;
use super::frame::{expanded, framed, line_of};
use super::sshd_file::socket_file;
use crate::names::{HostName, LinuxUser, Port};
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// What the script is told to look for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looking<'a> {
    /// Stitch's login name.
    pub(crate) user: &'a LinuxUser,
    /// Stitch's key, to be looked for in files elsewhere.
    pub(crate) key: Option<&'a PublicKey>,
    /// Where Stitch connects from.
    pub(crate) from: &'a [IpAddr],
    /// Where Stitch connects to.
    pub(crate) host: &'a HostName,
    pub(crate) port: Port,
    /// The name whose addresses matter; empty: none.
    pub(crate) database: &'a str,
}

/// Looks at the user and the server; `sshd -T` is asked once for each address Stitch connects from, since `Match`
/// blocks can tell them apart.
pub(crate) fn inspect_ssh_user(looking: &Looking<'_>) -> Statement {
    let addresses: Vec<String> = looking.from.iter().map(IpAddr::to_string).collect();
    framed(
        "Check the user that Stitch logs in as, and the SSH server. This changes nothing.",
        &[
            ("user", looking.user.as_str()),
            ("body", looking.key.map_or("", PublicKey::body)),
            ("stitch_key", &looking.key.map_or_else(String::new, PublicKey::bare)),
            ("addresses", &addresses.join(" ")),
            ("host", looking.host.as_str()),
            ("port", &looking.port.to_string()),
            ("database", looking.database),
            ("comment", MADE_BY_US),
            ("socket_file", &socket_file(looking.user)),
            ("max", "1048577"),
        ],
        &expanded(include_str!("scripts/inspect_ssh_user.sh")).replace("LINE", &line_of(looking.user)),
    )
}
