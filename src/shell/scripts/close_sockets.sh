. has
. only_roots
. sshd_running
. sshd_program
. sshd_reload
. sshd_settings
: "$program" "$config" # only the looking script needs them
# A service that does not run reads its configuration when it is started, and is not started for this.
case $reload in
systemctl*) if ! systemctl is-active --quiet "${reload##* }"; then reload=:; fi ;;
esac
# sshd closes its sockets for a moment, and our next login may be in the same second.
reload() { [ -n "$reload" ] && eval "$reload" && sleep 1; }
low=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024)
# Whether sshd says so, for each of Stitch's addresses. It says nothing when it refuses its configuration.
closed() {
    for address in $addresses; do
        settings=$(sshd_settings "$address" "$@" 2>/dev/null) || return 1
        printf '%s\n' "$settings" | grep -qixE 'allowstreamlocalforwarding (no|local)|disableforwarding yes' || return 1
        # Where every user may listen on port 1, the key's own permitlisten lets that be.
        [ "$low" -gt 1 ] || printf '%s\n' "$settings" |
            grep -qixE 'permitlisten none|allowtcpforwarding (no|local)|disableforwarding yes' || return 1
    done
}
if [ "$server" != dropbear ] && [ -n "$sshd" ] && ! closed "$@"; then
    made=
    if [ -n "$reload" ] && only_roots "$into"; then
        # sshd reads no file of this name until it is complete.
        new=$into/.stitch-pg-new
        if printf 'Match User %s\n    AllowStreamLocalForwarding no\n    PermitListen none\n' "$user" >"$new" && mv -f "$new" "$into/$ours"; then
            if closed "$@" && reload; then made=yes; else rm -f "$into/$ours"; fi
        else
            rm -f "$new"
        fi
    fi
    if [ -z "$made" ]; then
        echo "stitch-pg: the holder of the key of $user can make sshd listen on Unix sockets or ports, and $into/$ours cannot prevent that; sshd's configuration was not changed. As root, set AllowStreamLocalForwarding no and PermitListen none for $user" >&2
        OR_ELSE
    fi
fi
