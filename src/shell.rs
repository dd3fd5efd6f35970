//! Scripts for the SSH server, one function each: POSIX sh (dash, BusyBox ash), run as root, fed on standard input,
//! harmless when run twice. The only place that quotes words for a shell. The scripts themselves are the files in
//! `shell/scripts`, which shellcheck reads.

mod account;
mod authorized_keys;
mod curl;
mod firewall;
mod frame;
mod hba;
mod sshd;

use std::fmt;

use crate::change::Action;

pub use authorized_keys::{install_key, remove_key};
pub use frame::{Sight, word};
pub use hba::{add_hba_lines, remove_hba_lines};

pub(crate) use account::{
    add_user, inspect_leftovers, inspect_ssh_user, lock_again, make_home, remove_home, remove_user, set_shell,
    stop_if_foreign_account, unlock_for_keys,
};
pub(crate) use authorized_keys::{
    Expiry, PreviousKeyFile, Was, fix_modes, install_temporary_key, put_keys_back, put_modes_back, return_key,
};
pub(crate) use curl::curl;
pub(crate) use firewall::{Opening, inspect_firewall};
pub(crate) use frame::{BEGUN, DONE, marked, quoted, value};
pub(crate) use hba::{Printed as PrintedHba, find_hba_lines, inspect_hba, read_hba};
pub(crate) use sshd::{DROP_INS, close_sockets, open_sockets, read_sshd_log, socket_file};

impl fmt::Display for Action {
    /// What is run, as a user would type it, secrets masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(sql) => sql.fmt(f),
            Self::Host(script) | Self::Ingress(script) => script.fmt(f),
            Self::AddHbaLines(edit) => edit.show(f, &add_hba_lines(edit)),
            Self::RemoveHbaLines(edit) => edit.show(f, &remove_hba_lines(edit)),
            Self::Http(request) => request.fmt(f),
            Self::SaveSecret { path, .. } => {
                write!(f, "umask 077; set -C; cat > {}", word(&path.to_string_lossy()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
