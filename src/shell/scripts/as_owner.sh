#: `as_owner UID GID NAME ARGUMENT...` runs the script on its standard input as that user, where we are root. The owner of
#: a directory can put links into it; as that user we follow them with no more rights than it has. The groups are the name's;
#: without one on this machine, as of a container's user, it is that group alone. The user cannot type into our terminal,
#: and reads nothing of root's environment.
alone() {
    if has setsid; then set -- setsid "$@"; fi
    env -i PATH="$PATH" LC_ALL=C "$@"
}
as_owner() {
    as_uid=$1 as_gid=$2 as_name=$3
    shift 3
    if [ "$as_uid" = 0 ] || [ "$(id -u)" != 0 ]; then
        sh -s -- "$@" # as we are
        return
    fi
    groups=--init-groups as_sh=/bin/sh
    named_gid=$(id -g "$as_name" 2>/dev/null) && as_gid=$named_gid || groups=--clear-groups
    [ -x "$as_sh" ] || as_sh=/usr/bin/sh
    if has setpriv && setpriv --reuid "$as_uid" --regid "$as_gid" "$groups" true 2>/dev/null; then
        alone setpriv --reuid "$as_uid" --regid "$as_gid" "$groups" sh -s -- "$@"
    elif [ "$groups" = --clear-groups ]; then
        fail "user $as_uid has no name on this machine, so root cannot work as that user"
    elif has runuser; then
        alone runuser -u "$as_name" -- sh -s -- "$@"
    elif has su; then
        alone su -s "$as_sh" "$as_name" -c 'sh -s -- "$@"' sh "$@"
    else
        fail "this machine has neither setpriv, runuser nor su, so root cannot work as $as_name; nothing was changed"
    fi
}
