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
if [ -n "$elsewhere" ]; then sshd=; fi
config=/etc/ssh/sshd_config
set --
value= # sshd takes nothing but options: what follows one belongs to it, blanks in it too
for word in $running '[end]'; do
    case $word in
    -* | '['*)
        case $value in -[fop]?*) set -- "$@" "$value" ;; esac
        case $value in -f?*) config=${value#-f} ;; esac
        case $word in -[fop]*) value=$word ;; '['*) break ;; *) value= ;; esac
        ;;
    *) case $value in -[fop]) value=$value$word ;; -o*) value="$value $word" ;; esac ;;
    esac
done
