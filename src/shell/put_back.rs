//! The way back of what was done to an account that was there before: its files as they were, byte for byte and with their
//! modes, unless somebody has changed them meanwhile; its lock; a home that it did not have.

use super::frame::script;
use crate::names::LinuxUser;
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// Mode and owner of something in the home, before it was touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Was {
    /// As `chmod` takes it.
    pub(crate) mode: String,
    /// As `chown` takes it: numbers.
    pub(crate) owner: String,
}

/// The key file, and what it lies in, before; what was not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PreviousKeyFile {
    pub(crate) home: Was,
    pub(crate) folder: Was,
    /// `authorized_keys`.
    pub(crate) file: Was,
}

/// Puts the key file back as it was: exactly, where it still is as it was written; else Stitch's line alone goes.
pub(crate) fn put_keys_back(
    user: &LinuxUser,
    key: &PublicKey,
    texts: (&str, &str),
    before: &PreviousKeyFile,
) -> Statement {
    let (text_before, text_after) = texts;
    script(
        "Restore the key file. If it has changed since, remove only Stitch's key.",
        &[
            ("folder_mode", &before.folder.mode),
            ("folder_owner", &before.folder.owner),
            ("file_mode", &before.file.mode),
            ("file_owner", &before.file.owner),
            ("user", user.as_str()),
            ("key", &key.line()),
            ("body", key.body()),
            ("line", ""),
            ("before", text_before),
            ("after", text_after),
        ],
        include_str!("scripts/put_keys_back.sh"),
    )
}

/// Puts owners and modes back.
pub(crate) fn put_modes_back(user: &LinuxUser, before: &PreviousKeyFile) -> Statement {
    script(
        "Restore the modes of the home, .ssh and the key file.",
        &[
            ("home_mode", &before.home.mode),
            ("folder_mode", &before.folder.mode),
            ("folder_owner", &before.folder.owner),
            ("file_mode", &before.file.mode),
            ("file_owner", &before.file.owner),
            ("user", user.as_str()),
        ],
        include_str!("scripts/put_modes_back.sh"),
    )
}

/// Takes a home away again that is still empty.
pub(crate) fn remove_home(user: &LinuxUser) -> Statement {
    script(
        "Remove the home directory, if it is empty.",
        &[("user", user.as_str())],
        include_str!("scripts/remove_home.sh"),
    )
}

/// Locks the account as it was locked before; `changed` is the day that stood beside it.
pub(crate) fn lock_again(user: &LinuxUser, lock: &str, changed: Option<i64>) -> Statement {
    let changed = changed.map(|day| day.to_string()).unwrap_or_default();
    script(
        "Lock the account again.",
        &[("user", user.as_str()), ("lock", lock), ("changed", &changed)],
        include_str!("scripts/lock_again.sh"),
    )
}
