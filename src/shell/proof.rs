//! Scripts for the proof of the whole way: a second key beside Stitch's for a short time, and out again.

use super::frame::script;
use crate::names::LinuxUser;
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// Whether the server can be told when a key ends.
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
