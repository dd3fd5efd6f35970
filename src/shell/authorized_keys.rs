//! Scripts about `authorized_keys`: Stitch's line put in, put right, taken out. All other lines stay byte for byte.

use super::{ENTER_HOME, FAIL, HAS, LOOK_UP, one_at_a_time, script};
use crate::names::LinuxUser;
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// Puts the key into the user's `authorized_keys` exactly once, behind these options: an older line with the same
/// key is replaced where it stands, and pieces of it, from a paste that was broken over lines, are taken out.
#[must_use]
pub fn install_key(user: &LinuxUser, key: &PublicKey, options: &str, present: Present) -> Statement {
    let line = format!("{options} {}", key.line());
    let keep = match present {
        Present::Replaced => String::new(),
        Present::KeptWhereTight => KEEP_TIGHT.replace("OPTIONS", &super::quoted(options)),
    };
    script(
        "Let Stitch's key in. It may forward connections, and gets no terminal, agent or X11.",
        &[
            ("user", user.as_str()),
            ("key", &key.line()),
            ("body", key.body()),
            ("line", &line),
        ],
        &[FAIL, HAS, LOOK_UP, ENTER_HOME, MAKE_FILE, &keep, REWRITE, LABEL],
    )
}

/// What becomes of a line with the key that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// It was looked at and found wanting.
    Replaced,
    /// The script itself looks: as tight as is wanted, it stays as it is.
    KeptWhereTight,
}

/// Takes the key out again; the rest of the file stays.
#[must_use]
pub fn remove_key(user: &LinuxUser, key: &PublicKey) -> Statement {
    script(
        "Take Stitch's key out.",
        &[
            ("user", user.as_str()),
            ("key", &key.line()),
            ("body", key.body()),
            ("line", ""),
        ],
        &[FAIL, HAS, LOOK_UP, ENTER_HOME, FIND_FILE, REWRITE, LABEL],
    )
}

/// Owners and modes as sshd's `StrictModes` wants them, and no wider.
#[must_use]
pub fn fix_modes(user: &LinuxUser) -> Statement {
    script(
        "Give Stitch's key file the owner and modes without which sshd ignores it.",
        &[("user", user.as_str())],
        &[FAIL, HAS, LOOK_UP, ENTER_HOME, FIX_MODES, LABEL],
    )
}

const MAKE_FILE: &str = r#"
[ -d .ssh ] || mkdir -m 700 .ssh 2>/dev/null || [ -d .ssh ] # another run may be making it
cd .ssh
[ ! -L authorized_keys ] || fail "$home/.ssh/authorized_keys is a symbolic link; make it a file of its own first"
[ -e authorized_keys ] || : >>authorized_keys
[ -f authorized_keys ] || fail "$home/.ssh/authorized_keys is not a file"
"#;

pub(super) const FIND_FILE: &str = r#"
cd .ssh 2>/dev/null || fail "there is no $home/.ssh"
[ ! -L authorized_keys ] || fail "$home/.ssh/authorized_keys is a symbolic link; look at it yourself"
[ -f authorized_keys ] || fail "there is no $home/.ssh/authorized_keys"
"#;

/// Copies the file line by line into a new one, which then takes its place in one move. `line` is what stands where
/// the key was found, or at the end; empty, to take the key out.
pub(super) const REWRITE: &str = concat!(
    "\n# One at a time, so that no line of another run is lost. A file system without locks goes without.\n",
    one_at_a_time!(".", "another run keeps $home/.ssh/authorized_keys locked"),
    r#"new=$(mktemp ./.authorized_keys.XXXXXX)
trap '[ "$new" = authorized_keys ] || rm -f "$new"' EXIT
while IFS= read -r old || [ -n "$old" ]; do
    text=${old#"${old%%[![:space:]]*}"} # without the white space around it
    text=${text%"${text##*[![:space:]]}"}
    case $text in
    '' | '#'*) ours=no ;;
    *"$body"*) ours=yes ;;
    *) case $key in *"$text"*) ours=yes ;; *) ours=no ;; esac ;; # a piece of the key, from a paste broken over lines
    esac
    if [ "$ours" = no ]; then
        printf '%s\n' "$old"
    elif [ -n "$line" ]; then
        printf '%s\n' "$line"
        line=
    fi
done <authorized_keys >"$new"
[ -z "$line" ] || printf '%s\n' "$line" >>"$new"
if cmp -s "$new" authorized_keys; then
    rm -f "$new"
    new=authorized_keys
fi
chmod 600 "$new"
chown "$uid:$gid" "$new" .
[ "$new" = authorized_keys ] || mv -f "$new" authorized_keys
chmod 700 .
exec 9<&-
"#
);

/// One line with the key, all options in front of it: it may be narrower than what would be written.
const KEEP_TIGHT: &str = r#"
found=
while IFS= read -r old || [ -n "$old" ]; do
    case ${old#"${old%%[![:space:]]*}"} in
    '#'*) ;;
    *"$body"*) found=${found}x have=$old ;;
    esac
done <authorized_keys
if [ "$found" = x ]; then
    tight=yes
    before=",${have%%[[:space:]]*},"
    options=OPTIONS
    IFS=,
    for option in $options; do
        case $before in *,"$option",*) ;; *) tight=no ;; esac
    done
    unset IFS
    if [ "$tight" = yes ]; then line=$have; fi
fi
"#;

const FIX_MODES: &str = r#"
# Nobody but its owner may write to the home.
chmod go-w .
if [ -d .ssh ]; then
    cd .ssh
    chmod 700 .
    chown "$uid:$gid" .
    [ ! -L authorized_keys ] || fail "$home/.ssh/authorized_keys is a symbolic link; make it a file of its own first"
    if [ -f authorized_keys ]; then
        chmod 600 authorized_keys
        chown "$uid:$gid" authorized_keys
    fi
fi
"#;

pub(super) const LABEL: &str = r#"
if has restorecon; then restorecon -R "$home/.ssh"; fi
"#;
