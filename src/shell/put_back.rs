//! The way back of what was done to an account that was there before: its files as they were, byte for byte and with their
//! modes, unless somebody has changed them meanwhile; its lock; a home that it did not have.

use super::authorized_keys::{FIND_FILE, REPLACE, REWRITE, WRITE};
use super::home::{ENTER, ONLY_ROOTS, WORKER, inside};
use super::{FAIL, HAS, LOOK_UP, script};
use crate::names::LinuxUser;
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// Mode and owner of something in the home, before it was touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Was {
    /// As `chmod` takes it.
    pub mode: String,
    /// As `chown` takes it: numbers.
    pub owner: String,
}

/// The key file, and what it lies in, before; what was not there is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// The home.
    pub home: Option<Was>,
    /// `.ssh`.
    pub folder: Option<Was>,
    /// `authorized_keys`.
    pub file: Option<Was>,
}

/// Puts the key file back as it was: exactly, where it still is as it was written; else Stitch's line alone goes.
#[must_use]
pub fn put_keys_back(user: &LinuxUser, key: &PublicKey, texts: (&str, &str), before: &Before) -> Statement {
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
        &[
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            WORKER,
            &inside("read_keys", &[ENTER, FIND_FILE, "cat authorized_keys"]),
            &inside("put_back", &[ENTER, FIND_FILE, PUT_BACK]),
            &inside("forget", &[ENTER, FIND_FILE, "rm authorized_keys"]),
            &inside("take_out", &[ENTER, FIND_FILE, REWRITE, WRITE, REPLACE]),
            &inside("put_modes", &[ENTER, MODES]),
            KEYS,
            "in_home put_modes",
        ],
    )
}

/// Puts owners and modes back.
#[must_use]
pub fn put_modes_back(user: &LinuxUser, before: &Before) -> Statement {
    let mut settings = words(before);
    settings.retain(|(name, _)| *name != "home_owner");
    settings.push(("user", user.as_str().to_owned()));
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    script(
        "Give the home, .ssh and the key file the modes they had.",
        &settings,
        &[
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            WORKER,
            &inside("put_home", &[r#"chmod "$home_mode" "$real""#]),
            &inside("put_modes", &[ENTER, MODES]),
            PLACES,
        ],
    )
}

/// Takes a home away again that is still empty.
#[must_use]
pub fn remove_home(user: &LinuxUser) -> Statement {
    script(
        "Take the home directory away again, if nothing is in it.",
        &[("user", user.as_str())],
        &[&LOOK_UP.replace(" uid gid ", " _ _ "), ONLY_ROOTS, REMOVE_HOME],
    )
}

/// Locks the account as it was locked before; `changed` is the day that stood beside it.
#[must_use]
pub fn lock_again(user: &LinuxUser, lock: &str, changed: Option<i64>) -> Statement {
    let changed = changed.map(|day| day.to_string()).unwrap_or_default();
    script(
        "Lock the account as it was locked.",
        &[("user", user.as_str()), ("lock", lock), ("changed", &changed)],
        &[HAS, LOCK],
    )
}

fn words(before: &Before) -> Vec<(&'static str, String)> {
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

/// The dot keeps the shell from eating line ends. What stood there goes in through standard input: it may be long, and it is
/// not ours.
const KEYS: &str = r#"
if [ "$(in_home read_keys && echo .)" = "$after." ]; then
    if [ -n "$file_mode" ]; then
        file=$(printf %s "$before" | wc -c)
        printf %s "$before" | in_home put_back
    else
        in_home forget
    fi
else
    echo "$home/.ssh/authorized_keys was changed meanwhile: only Stitch's key goes"
    in_home take_out
fi
"#;

const PUT_BACK: &str = r#"
new=$(mktemp ./.authorized_keys.stitch-pg.XXXXXX)
trap '[ ! -e "$new" ] || rm -f "$new"' EXIT
cat >"$new"
[ "$(wc -c <"$new")" -eq "$file" ] || fail "$home/.ssh/authorized_keys could not be written anew; it is as it was"
sync "$new" 2>/dev/null || :
mv -f "$new" authorized_keys
"#;

/// The file and what it lies in. Owners are put back where root works; elsewhere nobody has changed them.
const MODES: &str = r#"
[ -d .ssh ] || exit 0
cd .ssh
if [ -n "$file_mode" ] && [ -f authorized_keys ] && [ ! -L authorized_keys ]; then
    if [ "$worker" = root ]; then chown "$file_owner" authorized_keys; fi
    chmod "$file_mode" authorized_keys
fi
if has restorecon; then restorecon -R . || :; fi
if [ -n "$folder_mode" ]; then
    if [ "$worker" = root ]; then chown "$folder_owner" .; fi
    chmod "$folder_mode" .
else
    cd ..
    rmdir .ssh 2>/dev/null || :
fi
"#;

/// From the inside out: a home that others may write to is nothing for root to work in.
const PLACES: &str = r#"
in_home put_modes
if [ -n "$home_mode" ]; then
    if only_roots "${real%/*}"; then chmod "$home_mode" "$real"; else as_user put_home; fi
fi
"#;

const REMOVE_HOME: &str = r#"
if [ "$name" = "$user" ] && [ -d "$home" ]; then
    real=$(cd "$home" && pwd -P)
    if only_roots "${real%/*}"; then rmdir "$real"; fi
fi
"#;

const LOCK: &str = r#"
if has usermod; then
    usermod -p "$lock" "$user"
else
    echo "$user:$lock" | chpasswd -e
fi
if [ -n "$changed" ] && has chage; then chage -d "$changed" "$user"; fi
"#;
