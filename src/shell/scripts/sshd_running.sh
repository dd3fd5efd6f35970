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
if [ -z "$server" ]; then
    set +f
    for folder in /proc/[0-9]*; do
        pid=${folder#/proc/}
        of_root "$pid" || continue
        # Of the server itself, not of one of its logins.
        case $(name_of "$(sed -n 's/^PPid:[[:space:]]*//p' "$folder/status" 2>/dev/null || :)") in sshd* | dropbear*) continue ;; esac
        case $(name_of "$pid") in
        sshd | sshd.pam) server=openssh && running=$(command_of "$pid") && listener=$pid && break ;;
        dropbear) server=dropbear && running=$(command_of "$pid") && program=/proc/$pid/exe && break ;;
        esac
    done
    set -f
fi
