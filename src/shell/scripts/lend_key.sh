. home
lend() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
. find_file
. same_options
. rewrite
. same_modes
. write
. replace_keys
INSIDE
}
take_out() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
. find_file
. rewrite
. same_modes
. write
. replace_keys
INSIDE
}
is_there() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
[ -f "$real/.ssh/authorized_keys" ] && grep -qF -e "$body" "$real/.ssh/authorized_keys"
INSIDE
}
#: The lender is the SSH session, or this program where it runs on this machine: the first process above us that is no
#: shell and no way to become root. It is looked for before the key is there: once the login has ended, its process
#: cannot be found any more.
lender=$$
while read -r entry <"/proc/$lender/stat"; do
    name=${entry#*(}
    case ${name%)*} in sh | dash | bash | ash | busybox | sudo | doas | su) ;; *) break ;; esac
    set -- ${entry##*) }
    lender=$2
done
in_home lend
#: Takes the key out when the lender is gone.
(
    trap '' HUP INT
    waited= # one letter a second: small shells cannot reckon
    while [ "${#waited}" -lt 120 ] && [ -d "/proc/$lender" ] && in_home is_there; do
        waited=x$waited
        sleep 1
    done
    if in_home is_there; then in_home take_out; fi
) </dev/null >/dev/null 2>&1 &
