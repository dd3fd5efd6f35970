. fail
. has
. sum
BLOCK
. open_hba
#: The text goes in behind the byte `start`. Without it the new file is the old one.
[ "$before" = "$md5" ] || fail "$file was changed by another process a moment ago; run stitch-pg again"
text() { block; }
start=$whole
if [ -n "$number" ]; then
    start=$(($(head -n "$((number - 1))" "$file" | wc -c)))
elif [ "$whole" -gt 0 ] && [ "$(tail -c 1 "$file" | wc -l)" -eq 0 ]; then
    # The last line has no end. It gets one, and the last of ours goes without, so that the file ends as before.
    size=$(($(block | wc -c) - cut))
    text() { block | tail -c "$cut" && block | head -c "$size"; }
fi
length=$(($(text | wc -c)))
{ head -c "$start" "$file" && text && tail -c "+$((start + 1))" "$file"; } >"$new" || full
[ "$(wc -c <"$new")" -eq "$((whole + length))" ] || full
[ "$({ head -c "$start" "$new" && tail -c "+$((start + length + 1))" "$new"; } | md5sum)" = "$before  -" ] || full
[ "$(head -c "$((start + length))" "$new" | tail -c "$length" | md5sum)" = "$(text | md5sum)" ] || full
echo "md5=$(sum "$new")"
. replace
