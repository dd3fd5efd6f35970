# The SSH server this script came through, else any that runs here: its settings depend on how it was started.
name_of() { cat "/proc/$1/comm" 2>/dev/null || :; }
command_of() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null || :; }
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
        case $(name_of "$pid") in
        sshd | sshd.pam) server=openssh && running=$(command_of "$pid") && listener=$pid && break ;;
        dropbear) server=dropbear && running=$(command_of "$pid") && program=/proc/$pid/exe && break ;;
        esac
    done
    set -f
fi
