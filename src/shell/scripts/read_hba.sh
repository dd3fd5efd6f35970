. fail
. has
. as_owner
uid=
. find_server
[ -n "$path$serving" ] || fail "PostgreSQL runs in a container here, and this login cannot read the path of its file"
#: Reads as the server's user. Where the server does not report its file, its own program does: `postgres -C` reads the
#: configuration as the server did. The server's root directory is looked into from outside, in case it has its own.
as_owner "$found_uid" "$found_gid" "$found_name" "$found" "$path" "$list" <<'LOOK'
set -euf
{
pid=$1 path=$2 list=$3
cd /
root=/proc/$pid/root
same() { [ "$(stat -Lc %d:%i "$root/")" = "$(stat -Lc %d:%i /)" ]; }
if [ -z "$path" ]; then
    same || { echo "stitch-pg: PostgreSQL runs in a container here, and this login cannot read the path of its file" >&2; exit 1; }
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <<END
$(tr '\0' '\n' <"/proc/$pid/cmdline")
END
    shift
    program=$(readlink "/proc/$pid/exe") data=$(readlink "/proc/$pid/cwd")
    path=$("$program" -C hba_file "$@" 2>/dev/null) || path=$("$program" -C hba_file "$@" -D "$data" 2>/dev/null) ||
        { echo "stitch-pg: $program -C hba_file does not print the path of the file" >&2; exit 1; }
fi
echo "main $path"
[ -n "$list" ] || list="file $path"
printf '%s\n' "$list" | while read -r kind name; do
    case $kind in
    file)
        if [ -e "$root$name" ]; then
            echo "file $name"
            { head -c 4194304 "$root$name" && echo; } | sed 's/^/ /'
            echo "edited $(stat -Lc %Y "$root$name")"
            [ "$name" != "$path" ] || echo "identity $(stat -Lc %d:%i "$root$name")"
        else
            echo "no-file $name"
        fi ;;
    folder)
        if [ -d "$root$name" ]; then
            echo "folder $name"
            ls -A "$root$name" | while IFS= read -r entry; do
                [ -d "$root$name/$entry" ] || echo "name $entry"
            done
        else
            echo "no-folder $name"
        fi ;;
    esac
done
} </dev/null
LOOK
