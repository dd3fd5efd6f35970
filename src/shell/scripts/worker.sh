#: Finds the home, and whether root or the user works in it. `in_home FUNCTION` runs the text that the function prints there,
#: `as_user FUNCTION` always as the user.
#: The text runs in a shell of its own: without the terminal, into which the user could type, and with nothing of root's
#: environment. What it prints is the user's word.
[ "$name" = "$user" ] || fail "there is no user $user on this machine"
[ "$uid" != 0 ] || fail "the user $user is root under another name; choose another user for Stitch"
# Another run may be making the account at this moment.
[ -d "$home" ] || sleep 1
real=$(cd "$home" 2>/dev/null && pwd -P) || fail "the home directory $home of $user does not exist"
. led_by_root
if only_roots "${real%/*}" && ! led_by_root "$home"; then
    fail "the home directory $home of $user leads to $real by a link that another user can change; remove the link, or give $user another home"
fi
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
        fail "this machine has neither setpriv nor su, so root cannot work as $user"
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
