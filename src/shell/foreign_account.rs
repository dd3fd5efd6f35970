//! A script that was written without a look stops before an account that is somebody else's.

use super::frame::script;
use crate::names::LinuxUser;
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// By what an account is known to be somebody else's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccountSigns<'a> {
    /// Groups whose members are people or powers.
    pub(crate) groups: &'a [&'a str],
    /// Below it are the system's own users.
    pub(crate) first_ordinary_id: u32,
}

/// Stops where the user is there, without Stitch's key, and has what Stitch's user would not have.
pub(crate) fn stop_if_foreign_account(user: &LinuxUser, key: Option<&PublicKey>, signs: AccountSigns<'_>) -> Statement {
    script(
        "Stop if the user is used for something else. This changes nothing.",
        &[
            ("user", user.as_str()),
            ("body", key.map_or("", PublicKey::body)),
            ("powerful", &format!(" {} ", signs.groups.join(" "))),
            ("ordinary", &signs.first_ordinary_id.to_string()),
        ],
        include_str!("scripts/stop_where_foreign.sh"),
    )
}
