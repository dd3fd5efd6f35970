//! Who may work in the user's home. A name in a directory that another user can write may lead anywhere by the time root uses
//! it, so root works there only where nobody else can change anything; everywhere else the work is done as the user.

/// `only_roots DIRECTORY`: whether it and every directory above it belong to root, are no links, and others cannot write to
/// them. Read from `/` downwards: what was seen of one level cannot be changed while the next one is read.
pub(super) const ONLY_ROOTS: &str = r#"
only_roots() {
    at=
    rest=${1#/}/
    while :; do
        read -r mode _ owner _ <<EOF
$(ls -ldn "${at:-/}" 2>/dev/null)
EOF
        case $mode:$owner in d????-??-*:0) ;; *) return 1 ;; esac
        [ -n "$rest" ] && [ "$rest" != / ] || return 0
        at=$at/${rest%%/*}
        rest=${rest#*/}
    done
}
"#;

/// Finds the home, and whether root or the user works in it. `in_home FUNCTION` runs the text that the function prints there,
/// `as_user FUNCTION` always as the user.
///
/// The text runs in a shell of its own: without the terminal, into which the user could type, and with nothing of root's
/// environment. What it prints is the user's word.
pub(super) const WORKER: &str = r#"
[ "$name" = "$user" ] || fail "there is no user $user on this machine"
[ "$uid" != 0 ] || fail "the user $user is root under another name; choose another user for Stitch"
# Another run may be making the account at this moment.
[ -d "$home" ] || sleep 1
real=$(cd "$home" 2>/dev/null && pwd -P) || fail "the home directory $home of $user does not exist"
find_worker() {
    worker=user
    if only_roots "$real" && { only_roots "$real/.ssh" || { [ ! -e "$real/.ssh" ] && [ ! -L "$real/.ssh" ]; }; }; then worker=root; fi
}
find_worker
sh=/bin/sh
[ -x "$sh" ] || sh=/usr/bin/sh
alone() {
    if has setsid; then set -- setsid "$@"; fi
    env -i PATH="$PATH" LC_ALL=C user="$user" home="$home" real="$real" worker="$worker" code="$code" key="${key-}" \
        body="${body-}" line="${line-}" end="${end-}" stitch="${stitch-}" seconds="${seconds-}" file="${file-}" \
        file_mode="${file_mode-}" file_owner="${file_owner-}" folder_mode="${folder_mode-}" \
        folder_owner="${folder_owner-}" home_mode="${home_mode-}" "$@"
}
as_user() {
    code=$("$1")
    groups=$(id -G "$user" | tr ' ' ,)
    if has setpriv && setpriv --reuid "$uid" --regid "$gid" --groups "$groups" true 2>/dev/null; then
        alone setpriv --reuid "$uid" --regid "$gid" --groups "$groups" "$sh" -c "eval \"\$code\""
    elif has su; then
        alone su -s "$sh" -c "eval \"\$code\"" "$user"
    else
        fail "this machine has neither setpriv nor su to work as $user with"
    fi
}
in_home() {
    if [ "$worker" = user ]; then
        as_user "$1"
    else
        code=$("$1")
        alone "$sh" -c "eval \"\$code\""
    fi
}
"#;

/// What each text for [`WORKER`]'s functions begins with.
const INSIDE: &str = r#"
set -euf
umask 077
fail() { echo "stitch-pg: $*" >&2; exit 1; }
has() { type "$1" >/dev/null 2>&1; }
"#;

/// Further lines of those that write there.
pub(super) const ENTER: &str = r#"
cd "$real" 2>/dev/null || fail "$user cannot enter its home $real"
[ ! -L .ssh ] || fail "$home/.ssh is a symbolic link; make it a directory of its own first"
"#;

/// A function that prints these lines, to be run in the home. Nothing that others wrote may stand in them: a line of theirs
/// could end the text.
pub(super) fn inside(function: &str, parts: &[&str]) -> String {
    let mut text = format!("{function}() {{\n    # shellcheck disable=SC2317 # in_home runs it\n    cat <<'INSIDE'\n");
    for part in [INSIDE].iter().chain(parts) {
        text.push_str(part.trim_matches('\n'));
        text.push('\n');
    }
    text.push_str("INSIDE\n}");
    text
}
