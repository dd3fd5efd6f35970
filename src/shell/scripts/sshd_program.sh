#: The program itself, and the arguments that it was started with which matter to its configuration.
sshd= # by its full name, on which it insists
for word in /usr/local/sbin/sshd /sbin/sshd /usr/sbin/sshd $running; do
    case $word in
    /*/sshd | /*/sshd.pam)
        folder=$(cd "${word%/*}" 2>/dev/null && pwd -P) || continue
        if [ -x "$word" ] && only_roots "$folder"; then sshd=$folder/${word##*/}; fi
        ;;
    esac
done
config=/etc/ssh/sshd_config
set --
previous=
for word in $running; do
    case $previous in -f | -o | -p) set -- "$@" "$previous" "$word" ;; esac
    case $previous in -f) config=$word ;; esac
    case $word in -f?* | -o?* | -p?*) set -- "$@" "$word" ;; esac
    case $word in -f?*) config=${word#-f} ;; esac
    previous=$word
done
