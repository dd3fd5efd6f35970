#: Who has read the file keeps others from putting another in its place until the script ends. What a killed run has left
#: is taken away. The new file is made beside the old one, with its owner and mode.
full() {
    [ "$(sum "$file")" = "$before" ] || fail "$file was changed a moment ago by somebody else; run stitch-pg again"
    fail "$file is as it was, since a new one cannot be written beside it: is the disk full? Make room, and run the same command again"
}
before=$(sum "$file")
. one_at_a_time "${file%/*}/" "another run keeps the folder of $file locked"
if has flock; then
    set +f
    for stray in "${file%/*}"/.stitch-pg.??????; do
        if [ -f "$stray" ] && [ ! -L "$stray" ] && [ "$(stat -c %u "$stray")" = "$(stat -c %u "$file")" ]; then rm -f "$stray"; fi
    done
    set -f
fi
new=
kept=
trap 'rm -f "$new" "$kept"' EXIT
new=$(mktemp "${file%/*}/.stitch-pg.XXXXXX") || fail "$file is as it was, since no file can be made beside it: is the disk full or read-only? Run the same command again later"
cp -p "$file" "$new" || full
whole=$(($(wc -c <"$file")))
