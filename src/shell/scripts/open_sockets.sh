. fail
. has
. only_roots
say() { :; }
. sshd_running
. sshd_program
. sshd_reload
# A service that does not run reads its configuration when it is started, and is not started for this.
case $reload in
systemctl*) if ! systemctl is-active --quiet "${reload##* }"; then reload=:; fi ;;
esac
if only_roots "$folder" && [ -f "$folder/$file" ]; then
    rm "$folder/$file"
    if [ -n "$sshd" ] && "$sshd" -t "$@" 2>/dev/null && [ -n "$reload" ]; then eval "$reload"; fi
fi
