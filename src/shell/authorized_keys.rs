//! Scripts about `authorized_keys`: Stitch's line put in, put right, taken out. All other lines stay byte for byte.

use super::home::{ENTER, ONLY_ROOTS, WORKER, inside};
use super::{FAIL, HAS, LOOK_UP, one_at_a_time, script};
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
        &[
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            WORKER,
            &inside(
                "install",
                &[ENTER, MAKE_FILE, &keep, REWRITE, WRITE, MODES, REPLACE, LABEL],
            ),
            "in_home install",
        ],
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
        &[
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            WORKER,
            &inside("take_out", &[ENTER, FIND_FILE, REWRITE, WRITE, MODES, REPLACE, LABEL]),
            "in_home take_out",
        ],
    )
}

/// Owners and modes as sshd's `StrictModes` wants them, and no wider.
#[must_use]
pub fn fix_modes(user: &LinuxUser) -> Statement {
    script(
        "Give Stitch's key file the owner and modes without which sshd ignores it.",
        &[("user", user.as_str())],
        &[
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            WORKER,
            &inside("close_home", &["chmod go-w \"$real\""]),
            &inside("close_folder", &[ENTER, "chmod 700 .ssh"]),
            &inside("close_file", &[ENTER, CLOSE_FILE, LABEL]),
            FIX_MODES,
        ],
    )
}

const MAKE_FILE: &str = r#"
[ -d .ssh ] || mkdir .ssh 2>/dev/null || [ -d .ssh ] # another run may be making it
[ -x .ssh ] || chmod u+rwx .ssh 2>/dev/null || :
cd .ssh
[ ! -L authorized_keys ] || fail "$home/.ssh/authorized_keys is a symbolic link; make it a file of its own first"
[ -e authorized_keys ] || : >>authorized_keys
[ -f authorized_keys ] || fail "$home/.ssh/authorized_keys is not a file"
[ -r authorized_keys ] || chmod u+r authorized_keys 2>/dev/null || fail "$home/.ssh/authorized_keys is nothing that $user can read"
"#;

pub(super) const FIND_FILE: &str = r#"
cd .ssh 2>/dev/null || fail "there is no $home/.ssh"
[ ! -L authorized_keys ] || fail "$home/.ssh/authorized_keys is a symbolic link; look at it yourself"
[ -f authorized_keys ] || fail "there is no $home/.ssh/authorized_keys"
"#;

/// Copies the file line by line into a new one. `line` is what stands where the key was found, or at the end; empty, to take
/// the key out. The new file is compared with what it should be before anything else happens: a full disk leaves a part of it.
/// With `end=kept` the last line has an end only if it had one.
pub(super) const REWRITE: &str = concat!(
    "\n# One at a time, so that no line of another run is lost. A file system without locks goes without.\n",
    one_at_a_time!(".", "another run keeps $home/.ssh/authorized_keys locked"),
    r#"rewritten() {
    put=$line
    between=
    ended=yes
    while IFS= read -r old || { [ -n "$old" ] && ended=no; }; do
        text=${old#"${old%%[![:space:]]*}"} # without the white space around it
        text=${text%"${text##*[![:space:]]}"}
        case $text in
        '' | '#'*) ours=no ;;
        *"$body"*) ours=yes ;;
        *) case $key in *"$text"*) ours=yes ;; *) ours=no ;; esac ;; # a piece of the key, from a paste broken over lines
        esac
        if [ "$ours" = yes ]; then
            [ -n "$put" ] || continue
            old=$put
            put=
        fi
        printf '%s%s' "$between" "$old" || return 1
        between='
'
    done <authorized_keys
    if [ -n "$put" ]; then
        printf '%s%s' "$between" "$put" || return 1
        between='
'
    fi
    if [ -n "$between" ] && [ "$ended$end" != nokept ]; then echo; fi
}
set +f
rm -f ./.authorized_keys.stitch-pg.* # of a run that was killed
set -f
new=$(mktemp ./.authorized_keys.stitch-pg.XXXXXX)
trap '[ "$new" = authorized_keys ] || rm -f "$new"' EXIT
"#
);

/// Owner and mode stay to the bit: a proof only looks.
pub(super) const SAME_MODES: &str = r#"
kind_of() {
    read -r mode _ owner group _ <<EOF
$(ls -ldn "$1")
EOF
    echo "$mode $owner $group"
}
cp -p authorized_keys "$new"
[ "$(kind_of "$new")" = "$(kind_of authorized_keys)" ] ||
    fail "$home/.ssh/authorized_keys belongs to somebody else than $user, who owns its directory; it is not written"
"#;

/// Writes the new file and sees to it that all of it is there.
pub(super) const WRITE: &str = r#"
{ rewritten >"$new" && rewritten | cmp -s - "$new"; } ||
    fail "$home/.ssh/authorized_keys could not be written anew (is the disk full?); it is as it was"
if cmp -s "$new" authorized_keys; then
    rm -f "$new"
    new=authorized_keys
fi
"#;

/// The modes that sshd wants, of the file and of what it lies in: readable for the user where they are root's.
pub(super) const MODES: &str = r#"
if [ "$worker" = root ]; then
    chown 0:0 "$new" .
    chmod 644 "$new"
    chmod 755 .
else
    chmod 600 "$new"
    chmod 700 .
fi
"#;

/// Puts the new file in the place of the old one in one move.
pub(super) const REPLACE: &str = r#"
if [ "$new" != authorized_keys ]; then
    sync "$new" 2>/dev/null || :
    mv -f "$new" authorized_keys
fi
exec 9<&-
"#;

/// One line with the key, all options in front of it: it may be narrower than what would be written.
const KEEP_TIGHT: &str = r#"
options=OPTIONS
# sshd before 7.8 does not know permitlisten and would refuse the whole line.
case $(sshd -V 2>&1 || :) in
*OpenSSH_[1-6].* | *OpenSSH_7.[0-7][!0-9]*)
    listen=',permitlisten="localhost:1"'
    case $options in
    *"$listen"*)
        options=${options%%"$listen"*}${options#*"$listen"}
        line=${line%%"$listen"*}${line#*"$listen"}
        ;;
    esac
    ;;
esac
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
    IFS=,
    for option in $options; do
        case $before in *,"$option",*) ;; *) tight=no ;; esac
    done
    unset IFS
    if [ "$tight" = yes ]; then line=$have; fi
fi
"#;

/// As root where the name cannot be exchanged by anybody else, else as the owner.
const FIX_MODES: &str = r#"
if only_roots "${real%/*}"; then chmod go-w "$real"; else as_user close_home; fi
if [ -d "$real/.ssh" ] && [ ! -L "$real/.ssh" ]; then
    read -r _ _ owner _ <<EOF
$(ls -ldn "$real/.ssh")
EOF
    if [ "$owner" = "$uid" ] || ! only_roots "$real"; then
        as_user close_folder
    else
        chown 0:0 "$real/.ssh"
        chmod 755 "$real/.ssh"
    fi
    find_worker
    in_home close_file
fi
"#;

const CLOSE_FILE: &str = r#"
cd .ssh
[ ! -L authorized_keys ] || fail "$home/.ssh/authorized_keys is a symbolic link; make it a file of its own first"
if [ -f authorized_keys ]; then
    if [ "$worker" = root ]; then
        chown 0:0 authorized_keys
        chmod 644 authorized_keys
    else
        chmod 600 authorized_keys
    fi
fi
"#;

pub(super) const LABEL: &str = r#"
if has restorecon; then restorecon -R "$real/.ssh" || :; fi
"#;
