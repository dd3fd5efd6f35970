. has
. only_roots
. sshd_running
. sshd_program
. sshd_reload
: "$program" "$config" # only the looking script needs them
# A service that does not run reads its configuration when it is started, and is not started for this.
case $reload in
systemctl*) if ! systemctl is-active --quiet "${reload##* }"; then reload=:; fi ;;
esac
# sshd closes its sockets for a moment, and our next login may be in the same second.
reload() { [ -n "$reload" ] && eval "$reload" && sleep 1; }
if only_roots "$into" && [ -f "$into/$ours" ]; then
    rm "$into/$ours"
    if [ -n "$sshd" ] && "$sshd" -t "$@" 2>/dev/null; then reload || :; fi
fi
