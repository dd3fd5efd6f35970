#: What makes the SSH server read its configuration again. Only for OpenSSH.
reload=
if [ -d /run/systemd/system ] && has systemctl; then
    for unit in sshd ssh; do # one may be another name of the other
        if systemctl cat "$unit.service" >/dev/null 2>&1; then reload="systemctl reload-or-restart $unit"; fi
    done
elif has rc-service; then
    reload="rc-service sshd reload"
fi
for file in /run/sshd.pid /var/run/sshd.pid; do
    if [ -z "$reload" ] && [ -n "$listener" ] && [ "$(cat "$file" 2>/dev/null)" = "$listener" ]; then
        reload="kill -HUP \"\$(cat $file)\""
    fi
done
# One that is started for each connection reads it anyway.
case $running in *'[listener]'* | /*) ;; sshd*) reload=: ;; esac
