//! Scripts for the SSH server, one function each: POSIX sh (dash, BusyBox ash), run as root, fed on standard input,
//! harmless when run twice. The only place that quotes words for a shell. The scripts themselves are the files in
//! `shell/scripts`, which shellcheck reads.

mod account;
mod authorized_keys;
mod curl;
mod firewall;
mod frame;
mod hba;
mod hba_read;
mod inspect;
mod proof;
mod put_back;
mod show;
mod stranger;

pub use account::{
    MADE_BY_US, Passworded, add_user, inspect_leftovers, make_home, remove_user, set_shell, unlock_for_keys,
};
pub use authorized_keys::{Present, fix_modes, install_key, remove_key};
pub use curl::curl;
pub use firewall::{Opening, inspect_firewall};
pub(crate) use frame::quoted;
pub use frame::{DONE, word};

pub use hba::{add_hba_lines, find_hba_lines, inspect_hba, remove_hba_lines};
pub use hba_read::{Printed as PrintedHba, read_hba};
pub use inspect::{Looking, inspect_ssh_user};
pub use proof::{Expiry, lend_key, return_key};
pub use put_back::{Before, Was, lock_again, put_keys_back, put_modes_back, remove_home};
pub use stranger::{Signs, stop_where_foreign};

#[cfg(test)]
mod tests;
