//! Fragments for scripts that put a new file in the place of an old one: as whom, and so that either is whole.

/// `as_owner UID GID NAME ARGUMENT...` runs the script on its standard input as that user, where we are root: whoever owns
/// a directory can put links into it, and follows them with no more rights than its own. The groups are those of the name;
/// without one on this machine, as of a container's user, it is that group alone. The user cannot type into our terminal.
pub(super) const AS_OWNER: &str = r#"
as_owner() {
    as_uid=$1 as_gid=$2 as_name=$3
    shift 3
    if [ "$as_uid" = 0 ] || [ "$(id -u)" != 0 ]; then
        sh -s -- "$@" # as we are
        return
    fi
    groups=--init-groups detached=
    named_gid=$(id -g "$as_name" 2>/dev/null) && as_gid=$named_gid || groups=--clear-groups
    if has setsid; then detached=setsid; fi
    if has setpriv && setpriv --reuid "$as_uid" --regid "$as_gid" "$groups" true 2>/dev/null; then
        $detached setpriv --reuid "$as_uid" --regid "$as_gid" "$groups" sh -s -- "$@"
    elif [ "$groups" = --clear-groups ]; then
        fail "user $as_uid has no name on this machine, so root cannot work as that user"
    elif has runuser; then
        $detached runuser -u "$as_name" -- sh -s -- "$@"
    elif has su; then
        $detached su -s /bin/sh "$as_name" -c 'sh -s -- "$@"' sh "$@"
    else
        fail "this machine has neither setpriv, runuser nor su, so root cannot work as $as_name; nothing is changed"
    fi
}
"#;

/// `only_root_writes DIRECTORY`: nobody else can put a name there, nor exchange a directory above it; no link leads there.
/// `on_the_way DIRECTORY UID`: all above it, links too, is root's or that user's, so no third user can lead us elsewhere.
pub(super) const WHO_CAN_WRITE: &str = r#"
only_root_writes() {
    above=$1
    [ "$(cd "$above" && pwd -P)" = "$above" ] || return 1
    while :; do
        case $(stat -c '%u %A' "$above") in
        "0 "?????w* | "0 "????????w*) return 1 ;;
        "0 "*) ;;
        *) return 1 ;;
        esac
        [ "$above" != / ] || return 0
        above=${above%/*} above=${above:-/}
    done
}
on_the_way() {
    above=$1
    while :; do
        case $(stat -c %u "$above") in 0 | "$2") ;; *) return 1 ;; esac
        [ "$above" != / ] || return 0
        above=${above%/*} above=${above:-/}
    done
}
"#;

/// `sum FILE` prints its MD5.
pub(super) const SUM: &str = r#"
sum() { md5sum <"$1" | cut -c 1-32; }
"#;

/// Puts `new`, which is complete, in the place of `file`, whose MD5 was `before`. The old file is kept until the new one
/// is seen in its place; what another program wrote meanwhile is put back.
pub(super) const REPLACE: &str = r#"
if [ "$(stat -c '%u %g %a' "$new")" != "$(stat -c '%u %g %a' "$file")" ]; then
    [ "$(sum "$file")" = "$before" ] || fail "$file was changed a moment ago by somebody else; run stitch-pg again"
    fail "the new file cannot be given the owner, group and mode of $file, which is as it was; edit it by hand"
fi
sync "$new" || full
after=$(sum "$new")
kept=$(mktemp "${file%/*}/.stitch-pg.XXXXXX") || full
ln -f "$file" "$kept" 2>/dev/null || cp -p "$file" "$kept" || full # some file systems have no links
if [ ! -f "$file" ] || [ -L "$file" ] || [ "$(sum "$kept")" != "$before" ] || [ "$(sum "$file")" != "$before" ]; then
    fail "$file was changed a moment ago by somebody else; run stitch-pg again"
fi
mv -f "$new" "$file" || full
if [ "$(sum "$kept")" != "$before" ]; then
    mv -f "$kept" "$file"
    fail "$file was changed a moment ago by somebody else; run stitch-pg again"
fi
if [ "$(sum "$file")" != "$after" ]; then
    fail "$file was changed a moment ago by somebody else; look whether it has what is wanted, and run stitch-pg again"
fi
rm -f "$kept"
sync "${file%/*}" 2>/dev/null || sync
if has restorecon; then restorecon "$file" || :; fi
"#;
