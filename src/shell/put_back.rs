//! The way back of what was done to an account that was there before: its files as they were, byte for byte and with their
//! modes, unless somebody has changed them meanwhile; its lock; a home that it did not have.

use super::frame::script;
use crate::names::LinuxUser;
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// Mode and owner of something in the home, before it was touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Was {
    /// As `chmod` takes it.
    pub(crate) mode: String,
    /// As `chown` takes it: numbers.
    pub(crate) owner: String,
}

/// The key file, and what it lies in, before; what was not there is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PreviousKeyFile {
    pub(crate) home: Option<Was>,
    pub(crate) folder: Option<Was>,
    /// `authorized_keys`.
    pub(crate) file: Option<Was>,
}

/// Puts the key file back as it was: exactly, where it still is as it was written; else Stitch's line alone goes.
pub(crate) fn put_keys_back(
    user: &LinuxUser,
    key: &PublicKey,
    texts: (&str, &str),
    before: &PreviousKeyFile,
) -> Statement {
    let (text_before, text_after) = texts;
    let mut settings = words(before);
    settings.retain(|(name, _)| *name != "home_mode" && *name != "home_owner");
    settings.extend([
        ("user", user.as_str().to_owned()),
        ("key", key.line()),
        ("body", key.body().to_owned()),
        ("line", String::new()),
        ("before", text_before.to_owned()),
        ("after", text_after.to_owned()),
    ]);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    script(
        "Put the key file back as it was; where somebody has changed it meanwhile, only Stitch's key goes.",
        &settings,
        include_str!("scripts/put_keys_back.sh"),
    )
}

/// Puts owners and modes back.
pub(crate) fn put_modes_back(user: &LinuxUser, before: &PreviousKeyFile) -> Statement {
    let mut settings = words(before);
    settings.retain(|(name, _)| *name != "home_owner");
    settings.push(("user", user.as_str().to_owned()));
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    script(
        "Give the home, .ssh and the key file the modes they had.",
        &settings,
        include_str!("scripts/put_modes_back.sh"),
    )
}

/// Takes a home away again that is still empty.
pub(crate) fn remove_home(user: &LinuxUser) -> Statement {
    script(
        "Take the home directory away again, if nothing is in it.",
        &[("user", user.as_str())],
        include_str!("scripts/remove_home.sh"),
    )
}

/// Locks the account as it was locked before; `changed` is the day that stood beside it.
pub(crate) fn lock_again(user: &LinuxUser, lock: &str, changed: Option<i64>) -> Statement {
    let changed = changed.map(|day| day.to_string()).unwrap_or_default();
    script(
        "Lock the account as it was locked.",
        &[("user", user.as_str()), ("lock", lock), ("changed", &changed)],
        include_str!("scripts/lock_again.sh"),
    )
}

fn words(before: &PreviousKeyFile) -> Vec<(&'static str, String)> {
    let mut words = Vec::new();
    for (was, mode, owner) in [
        (&before.home, "home_mode", "home_owner"),
        (&before.folder, "folder_mode", "folder_owner"),
        (&before.file, "file_mode", "file_owner"),
    ] {
        let word = |part: fn(&Was) -> &String| was.as_ref().map(part).cloned().unwrap_or_default();
        words.push((mode, word(|was| &was.mode)));
        words.push((owner, word(|was| &was.owner)));
    }
    words
}
