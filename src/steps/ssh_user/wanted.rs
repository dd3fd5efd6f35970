//! What the step wants, whether or not the server was looked at.

use std::net::IpAddr;

use crate::change::{Action, Change};
use crate::finding::{Code, Finding};
use crate::settings::{BastionSettings, Region, Settings};
use crate::shell;

/// Where Stitch connects from.
pub(super) fn came_from(settings: &Settings) -> Vec<IpAddr> {
    let allowed: Vec<IpAddr> = settings.stitch.allow.iter().map(|cidr| cidr.address()).collect();
    if allowed.is_empty() {
        // The account's region is not known in this run: any of Stitch's addresses may come.
        Region::ALL.map(Region::addresses).concat()
    } else {
        allowed
    }
}

/// The database's name, where it can stand for an address.
pub(super) fn account_name(settings: &Settings) -> &str {
    let host = &settings.stitch.host;
    if host.is_socket() || host.address().is_some() {
        ""
    } else {
        host.as_str()
    }
}

pub(super) fn no_key() -> Finding {
    Finding::bad(
        Code::SshKeyNotGiven,
        "Stitch's public key was not given, so it cannot be installed or checked.",
    )
    .advise(
        "Copy it from Stitch: Destination > PostgreSQL > Encryption Type: SSH Tunnel > Public Key; then give it with \
         --public-key or --public-key-file.",
    )
}

pub(super) fn add_user(bastion: &BastionSettings) -> Change {
    let user = &bastion.tunnel_user;
    Change {
        summary: format!("add the user {user}, which logs in with a key and has no password"),
        why: "Stitch logs in to the SSH server as its own user.",
        action: Action::Host(shell::add_user(user, &bastion.shell)),
        undo: Some(Action::Host(shell::remove_user(user))),
    }
}
