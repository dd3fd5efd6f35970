# The SSH server this script came through, else any that runs here: its settings depend on how it was started.
name_of() { cat "/proc/$1/comm" 2>/dev/null || :; }
command_of() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null || :; }
# Anybody can call a process sshd, and sudo, too: it must be root's, and by its file it is told, where that can be seen.
of_root() {
    read -r _ _ owner _ <<EOF
$(ls -ldn "/proc/$1" 2>/dev/null)
EOF
    [ "$owner" = 0 ] || return 1
    exe=$(readlink "/proc/$1/exe" 2>/dev/null) || return 0
    case ${exe##*/} in sshd* | dropbear*) only_roots "${exe%/*}" ;; *) return 1 ;; esac
}
# Whether a process listens on the port that Stitch connects to. Of another user's process only root sees that.
hex=$(printf ':%04X:0A' "$port")
sockets=
for table in /proc/net/tcp /proc/net/tcp6; do
    while read -r _ local _ state _ _ _ _ _ inode _; do
        case $local:$state in *"$hex") sockets="$sockets socket:[$inode] " ;; esac
    done 2>/dev/null <"$table" || :
done
listens() {
    [ -n "$sockets" ] && [ -n "$1" ] || return 1
    for link in $(set +f && readlink "/proc/$1/fd"/* 2>/dev/null); do
        case $sockets in *" $link "*) return 0 ;; esac
    done
    return 1
}
# Of the same system as this script, and not of a container in it.
root_of() {
    number=$(ls -di "/proc/$1/root/.") && echo "${number%%/*}"
    sed -n 's/^[0-9]* [0-9]* \([0-9:]* [^ ]*\) \/ .*/\1/p' "/proc/$1/mountinfo" | tail -n 1
    readlink "/proc/$1/ns/net"
}
is_here() { [ "$(root_of "$1" 2>/dev/null)" = "$(root_of $$)" ]; }
server=
running=
program=
listener=
pid=$$
while [ "${pid:-0}" -gt 1 ]; do
    case $(name_of "$pid") in
    sshd*) server=openssh && running=$(command_of "$pid") && listener=$pid ;;
    dropbear*) server=dropbear && running=$(command_of "$pid") && program=/proc/$pid/exe ;;
    esac
    pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null || :)
done
# Several may run here, each with a configuration of its own. The one that Stitch connects to counts.
elsewhere=
if [ -z "$server" ] || { [ "$server" = openssh ] && ! listens "$listener"; }; then
    for folder in $(set +f && echo /proc/[0-9]*); do
        pid=${folder#/proc/}
        case $(name_of "$pid") in sshd | sshd.pam) name=openssh ;; dropbear) name=dropbear ;; *) continue ;; esac
        of_root "$pid" || continue
        # Of the server itself, not of one of its logins.
        case $(name_of "$(sed -n 's/^PPid:[[:space:]]*//p' "$folder/status" 2>/dev/null || :)") in sshd* | dropbear*) continue ;; esac
        if ! is_here "$pid"; then
            if listens "$pid"; then elsewhere=$pid; fi
            continue
        fi
        listens "$pid" || [ -z "$server" ] || continue
        server=$name running=$(command_of "$pid") listener=$pid program=/proc/$pid/exe
        if listens "$pid"; then elsewhere= && break; fi
    done
fi
