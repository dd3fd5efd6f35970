. fail
. has
. look_up
. only_roots
if [ "$name" = "$user" ] && [ "$uid" != 0 ] && [ -d "$home" ]; then
. worker
leftovers() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. leftovers
INSIDE
}
in_home leftovers | sed -n '/^file=/p'
fi
