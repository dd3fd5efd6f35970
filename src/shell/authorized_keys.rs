//! Scripts about `authorized_keys`: Stitch's line put in, put right, taken out; a second key beside it for a short time; the
//! file put back as it was, unless another program has changed it meanwhile. All other lines stay byte for byte.

use super::frame::{Sight, about, expanded, framed, quoted, script};
use crate::names::LinuxUser;
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// Puts the key into the user's `authorized_keys` exactly once, behind these options: an older line with the same
/// key is replaced where it stands, and pieces of it, from a paste that was broken over lines, are taken out.
pub fn install_key(user: &LinuxUser, key: &PublicKey, options: &str, sight: Sight) -> Statement {
    let line = format!("{options} {}", key.line());
    let keep = match sight {
        Sight::Seen => "",
        Sight::Unseen => include_str!("scripts/keep_tight.sh"),
    };
    let template = include_str!("scripts/install_key.sh").replace("KEEP", keep.trim_end());
    framed(
        "Allow Stitch's key. It can forward connections, but has no terminal, agent or X11.",
        &[
            ("user", user.as_str()),
            ("key", &key.line()),
            ("body", key.body()),
            ("line", &line),
        ],
        &expanded(&template).replace("OPTIONS", &quoted(options)),
    )
}

/// Takes the key out again; the rest of the file stays.
pub fn remove_key(user: &LinuxUser, key: &PublicKey) -> Statement {
    let line = key.line();
    let settings = [
        ("user", user.as_str()),
        ("key", &line),
        ("body", key.body()),
        ("line", ""),
    ];
    script("Remove Stitch's key.", &settings, include_str!("scripts/remove_key.sh"))
}

/// Owners and modes as sshd's `StrictModes` wants them, and no wider.
pub(crate) fn fix_modes(user: &LinuxUser) -> Statement {
    let purpose = "Set the owner and modes of Stitch's key file that sshd requires.";
    about(user, purpose, include_str!("scripts/fix_modes.sh"))
}

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

/// Whether the server supports an end of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// It ends two minutes from now.
    TwoMinutes,
    /// The server does not know `expiry-time` (OpenSSH before 7.7, Dropbear) and would ignore the line.
    Unknown,
}

/// Puts a fresh key into the file with the options that Stitch's own line has there, and leaves a watcher behind that takes
/// it out when the login that lent it is gone, however it ended, or after two minutes. `from` is left out, since it is not
/// Stitch that comes now.
pub(crate) fn install_temporary_key(
    user: &LinuxUser,
    stitchs: &PublicKey,
    fresh: &PublicKey,
    expiry: Expiry,
) -> Statement {
    let seconds = match expiry {
        Expiry::TwoMinutes => "120",
        Expiry::Unknown => "",
    };
    script(
        "Add a temporary key with the options of Stitch's key, to test the tunnel.",
        &[
            ("user", user.as_str()),
            ("stitch", &stitchs.bare()),
            ("key", &fresh.line()),
            ("body", fresh.body()),
            ("seconds", seconds),
            ("line", ""),
            ("end", "kept"),
        ],
        include_str!("scripts/lend_key.sh"),
    )
}

/// Takes it out again and makes sure that it is gone.
pub(crate) fn return_key(user: &LinuxUser, fresh: &PublicKey) -> Statement {
    script(
        "Remove the temporary key of the tunnel test.",
        &[
            ("user", user.as_str()),
            ("key", &fresh.line()),
            ("body", fresh.body()),
            ("line", ""),
            ("end", "kept"),
        ],
        include_str!("scripts/return_key.sh"),
    )
}
