new=$(mktemp ./.authorized_keys.stitch-pg.XXXXXX)
trap '[ ! -e "$new" ] || rm -f "$new"' EXIT
head -c "$file" >"$new"
[ "$(wc -c <"$new")" -eq "$file" ] || fail "$home/.ssh/authorized_keys could not be written; it was not changed"
sync "$new" 2>/dev/null || :
mv -f "$new" authorized_keys
