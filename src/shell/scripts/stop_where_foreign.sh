. fail
. has
. look_up
. only_roots
#: The same signs, in the same order, as `belongs_to_another` of the step has them.
keys=
stranger() { fail "the user $user is used for something else: $1; choose another with --tunnel-user, or give --adopt-user"; }
if [ "$name" = "$user" ]; then
[ "$uid" != 0 ] || stranger "it is root under another name"
for group in $(id -Gn "$user"); do
    case $powerful in *" $group "*) stranger "it is in the group $group" ;; esac
done
if [ -d "$home" ]; then
. worker
keys() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. read_keys
INSIDE
}
file=$real/.ssh/authorized_keys
keys=$(in_home keys)
fi
said() { grep "$@" <<EOF
$keys
EOF
}
if [ -z "$body" ] || ! said -v '^[[:space:]]*#' | grep -qF -e "$body"; then
    while IFS=: read -r name hash _ && [ "$name" != "$user" ]; do :; done </etc/shadow
    case $hash in '$'* | '!$'* | '!!$'*) stranger "it has a password" ;; esac
    if said -q '^[[:space:]]*[^#[:space:]].*[[:space:]]AAAA'; then
        stranger "other keys can log in ($home/.ssh/authorized_keys)"
    fi
    if [ "$uid" -lt "$ordinary" ] && [ -d "$home" ] && [ ! -d "$home/.ssh" ]; then
        stranger "it belongs to the system (uid $uid)"
    fi
fi
fi
