#: Who has read the file keeps others from putting another in its place until the script ends. What a killed run has left
#: is taken away. The new file is made beside the old one, with its owner and mode.
full() {
    [ "$(sum "$file")" = "$before" ] || fail "$file was changed by another process a moment ago; run stitch-pg again"
    fail "$file was not changed, because no file can be written beside it (disk full?); free some space, and run the same command again"
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
new=$(mktemp "${file%/*}/.stitch-pg.XXXXXX") || fail "$file was not changed, because no file can be created beside it (disk full or read-only?); run the same command again later"
cp -p "$file" "$new" || full
whole=$(($(wc -c <"$file")))
