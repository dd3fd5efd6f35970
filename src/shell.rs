//! Scripts for the SSH server, one function each: POSIX sh (dash, BusyBox ash), run as root, fed on standard input,
//! harmless when run twice. The only place that quotes words for a shell. The scripts themselves are the files in
//! `shell/scripts`, which shellcheck reads.

mod account;
mod authorized_keys;
mod curl;
mod firewall;
mod foreign_account;
mod frame;
mod hba;
mod hba_read;
mod inspect;
mod proof;
mod put_back;
mod show;
mod sshd_file;
mod sshd_log;

pub use authorized_keys::{install_key, remove_key};
pub use frame::{Sight, word};
pub use hba::{add_hba_lines, remove_hba_lines};

pub(crate) use account::{add_user, inspect_leftovers, make_home, remove_user, set_shell, unlock_for_keys};
pub(crate) use authorized_keys::fix_modes;
pub(crate) use curl::curl;
pub(crate) use firewall::{Opening, inspect_firewall};
pub(crate) use foreign_account::{AccountSigns, stop_if_foreign_account};
pub(crate) use frame::{BEGUN, DONE, marked, quoted, value};
pub(crate) use hba::{find_hba_lines, inspect_hba};
pub(crate) use hba_read::{Printed as PrintedHba, read_hba};
pub(crate) use inspect::{Looking, inspect_ssh_user};
pub(crate) use proof::{Expiry, install_temporary_key, return_key};
pub(crate) use put_back::{PreviousKeyFile, Was, lock_again, put_keys_back, put_modes_back, remove_home};
pub(crate) use sshd_file::{DROP_INS, Sockets, close_sockets, open_sockets, socket_file};
pub(crate) use sshd_log::read_sshd_log;

#[cfg(test)]
mod tests;
