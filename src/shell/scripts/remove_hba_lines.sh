. fail
. has
. sum
BLOCK
. open_hba
#: The lines are `length` bytes behind the byte `start`. With them the new file is the old one.
first=$(block | head -n 1)
size=$(($(block | wc -c)))
start=
length=
ours=$(block | md5sum)
open=$(block | head -c "$((size - cut))" | md5sum)
for at in $(grep -nxF -e "$first" "$file" | cut -d: -f1); do
    from=$(($(head -n "$((at - 1))" "$file" | wc -c)))
    if [ "$(tail -n "+$at" "$file" | head -c "$size" | md5sum)" = "$ours" ]; then
        start=$from length=$size
    elif [ "$(tail -n "+$at" "$file" | md5sum)" = "$open" ]; then
        start=$((from - cut)) length=$size # at the end of a file whose last line has no end
    fi
done
if [ -z "$start" ]; then fail "the lines of stitch-pg are no longer in $file, or were changed; nothing was removed"; fi
{ head -c "$start" "$file" && tail -c "+$((start + length + 1))" "$file"; } >"$new" || full
[ "$(wc -c <"$new")" -eq "$((whole - length))" ] || full
[ "$({ head -c "$start" "$new" && head -c "$((start + length))" "$file" | tail -c "$length" && tail -c "+$((start + 1))" "$new"; } | md5sum)" = "$before  -" ] || full
. replace
