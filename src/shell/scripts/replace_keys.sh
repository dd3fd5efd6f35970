#: Puts the new file in the place of the old one in one move.
if [ "$new" != authorized_keys ]; then
    sync "$new" 2>/dev/null || :
    mv -f "$new" authorized_keys
fi
exec 9<&-
