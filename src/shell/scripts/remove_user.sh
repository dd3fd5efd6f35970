. fail
. has
. look_up
. only_roots
. as_owner
if [ "$name" = "$user" ]; then
if [ -d "$home" ]; then
. worker
clear_home() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. clear_home
INSIDE
}
in_home clear_home
fi
[ "$uid" != 0 ] || fail "the user $user is root under another name; it was not removed"
running=
# Who is logged in as this user still goes through the tunnel; userdel refuses while it does.
for folder in $(set +f && echo /proc/[0-9]*); do
    read -r _ _ owner _ <<EOF
$(ls -ldn "$folder" 2>/dev/null || :)
EOF
    if [ "$owner" = "$uid" ]; then running="$running ${folder#/proc/}"; fi
done
# With that user's rights: by now a number may be another user's process.
if [ -n "$running" ]; then
    # shellcheck disable=SC2086 # numbers
    (as_owner "$uid" "$gid" "$user" $running) <<'KILL' || :
for pid; do kill -KILL "$pid" 2>/dev/null || :; done
KILL
fi
if has userdel; then userdel "$user"; else deluser "$user"; fi
if has groupdel && grep -q LINE /etc/group; then groupdel "$user" || :; fi
if [ -d "$home" ] && only_roots "${real%/*}"; then
    rmdir "$real" 2>/dev/null || echo "kept $home, which contains other files" >&2
fi
fi
