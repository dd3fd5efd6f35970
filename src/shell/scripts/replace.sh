#: Puts `new`, which is complete, in the place of `file`, whose MD5 was `before`. The old file is kept until the new one
#: is seen in its place; what another program wrote meanwhile is put back.
if [ "$(stat -c '%u %g %a' "$new")" != "$(stat -c '%u %g %a' "$file")" ]; then
    [ "$(sum "$file")" = "$before" ] || fail "$file was changed by another process a moment ago; run stitch-pg again"
    fail "a new file cannot get the owner, group and mode of $file; it was not changed, edit it by hand"
fi
sync "$new" || full
after=$(sum "$new")
kept=$(mktemp "${file%/*}/.stitch-pg.XXXXXX") || full
ln -f "$file" "$kept" 2>/dev/null || cp -p "$file" "$kept" || full # some file systems have no links
if [ ! -f "$file" ] || [ -L "$file" ] || [ "$(sum "$kept")" != "$before" ] || [ "$(sum "$file")" != "$before" ]; then
    fail "$file was changed by another process a moment ago; run stitch-pg again"
fi
mv -f "$new" "$file" || full
if [ "$(sum "$kept")" != "$before" ]; then
    mv -f "$kept" "$file"
    fail "$file was changed by another process a moment ago; run stitch-pg again"
fi
if [ "$(sum "$file")" != "$after" ]; then
    fail "$file was changed by another process a moment ago; check its content, and run stitch-pg again"
fi
rm -f "$kept"
sync "${file%/*}" 2>/dev/null || sync
if has restorecon; then restorecon "$file" || :; fi
