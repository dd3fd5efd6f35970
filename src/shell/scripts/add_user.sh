. fail
. has
. nologin
# One at a time: useradd looks whether the name is free before it takes its own lock, and two of them would make one user
# with two numbers. A file system without locks goes without.
. one_at_a_time /etc "another run is adding a user"
# Another run, or a package, may hold the lock of the account files (1, 10), or have made the user by now (9).
patiently() {
    tries= # one letter each: small shells cannot reckon
    until "$@"; do
        case $? in 1 | 9 | 10) ;; *) return 1 ;; esac
        if id -u "$user" >/dev/null 2>&1; then return 0; fi
        tries=x$tries
        [ "${#tries}" -lt 5 ] || return 1
        sleep 1
    done
}
made=yes
if id -u "$user" >/dev/null 2>&1; then
    echo "the user $user exists and is not changed"
    made=no
elif has useradd; then
    grep -q LINE /etc/group || groupadd "$user" || grep -q LINE /etc/group
    # The default for new users may be a shell that is not there, with which sshd lets nobody in.
    usual=$(useradd -D | sed -n 's/^SHELL=//p')
    if [ -z "$shell" ] && [ -n "$usual" ] && [ ! -x "$usual" ]; then shell=/bin/sh; fi
    # Without a home: what useradd would make belongs to the user, with the modes of login.defs.
    # And without an end, whatever login.defs and useradd -D have for new users.
    patiently useradd -M -g "$user" -c "$comment" -p '*' -K PASS_MAX_DAYS=-1 -f -1 -e '' ${shell:+-s "$shell"} "$user"
elif has adduser && has addgroup; then
    # BusyBox, as on Alpine. adduser -D locks the account, so it gets the password that nobody can type.
    grep -q LINE /etc/group || addgroup "$user"
    adduser -D -H -G "$user" -g "$comment" ${shell:+-s "$shell"} "$user"
    echo "$user:*" | chpasswd -e
else
    fail "this machine has neither useradd nor adduser; install the package passwd or shadow"
fi
. only_roots
if [ "$made" = yes ]; then
. look_up_home
. make_home
fi
