//! Scripts about `authorized_keys`: Stitch's line put in, put right, taken out. All other lines stay byte for byte.

use super::frame::{Sight, expanded, framed, quoted, script};
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
    script(
        "Remove Stitch's key.",
        &[
            ("user", user.as_str()),
            ("key", &key.line()),
            ("body", key.body()),
            ("line", ""),
        ],
        include_str!("scripts/remove_key.sh"),
    )
}

/// Owners and modes as sshd's `StrictModes` wants them, and no wider.
pub(crate) fn fix_modes(user: &LinuxUser) -> Statement {
    script(
        "Set the owner and modes of Stitch's key file that sshd requires.",
        &[("user", user.as_str())],
        include_str!("scripts/fix_modes.sh"),
    )
}
