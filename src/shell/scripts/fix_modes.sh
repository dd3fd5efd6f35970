. home
close_home() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
chmod go-w "$real"
INSIDE
}
close_folder() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
chmod 700 .ssh
INSIDE
}
close_file() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
. close_file
. label
INSIDE
}
#: As root where no other user can replace the name, else as the owner.
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
