#: The server's first process: its own number, its start and its port stand in a file of its data directory, which is
#: where it lives. The file is opened with the process's own rights: who owns the directory could put a link there.
#: Any user can write such a file. The process that serves our session is its child, where that number is of this machine.
#: Only a process of the user that writes `pg_hba.conf` is signalled, and none where two say the same of themselves.
found=
serving=
case $(cat "/proc/${session:-none}/comm" 2>/dev/null) in
postgres | postmaster | edb-postgres) serving=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$session/status") ;;
esac
id_of() { sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$2/status" 2>/dev/null; }
for pid in $(ls /proc); do
    case $pid in *[!0-9]*) continue ;; esac
    [ "$pid" = "${serving:-$pid}" ] || continue
    called=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
    case $called in postgres | postmaster | edb-postgres) ;; *) continue ;; esac
    parent=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status" 2>/dev/null) || continue
    [ "$called" != "$(cat "/proc/$parent/comm" 2>/dev/null)" ] || continue # one of its children
    owner=$(id_of Uid "$pid")
    [ "$owner" != 0 ] || continue # PostgreSQL never runs as root; such a process may be another user's sudo
    [ "${uid:-0}" = 0 ] || [ "$owner" = "$uid" ] || continue
    facts=$(as_owner "$owner" "$(id_of Gid "$pid")" "$(stat -c %U "/proc/$pid")" "$pid" 2>/dev/null <<'FACTS'
cd "/proc/$1/cwd" && [ -f postmaster.pid ] && head -c 4096 postmaster.pid
FACTS
    ) || continue
    { read -r own && read -r _ && read -r since && read -r listens; } <<EOF || continue
$facts
EOF
    [ "$own" = "$(sed -n 's/^NSpid:.*[^0-9]//p' "/proc/$pid/status")" ] || continue
    [ "$listens" = "$port" ] || continue
    if [ -n "$started" ]; then
        [ "$since" -le "$((started + 1))" ] && [ "$since" -ge "$((started - 60))" ] || continue
    fi
    [ -z "$found" ] || fail "the processes $found and $pid of this machine both say that they are that PostgreSQL server"
    found=$pid found_uid=$owner found_gid=$(id_of Gid "$pid") found_name=$(stat -c %U "/proc/$pid")
done
[ -n "$found" ] || fail "that PostgreSQL server does not run on this machine, or another user runs it"
