#: Writes the new file and sees to it that all of it is there.
{ rewritten >"$new" && rewritten | cmp -s - "$new"; } ||
    fail "$home/.ssh/authorized_keys could not be written (disk full?); it was not changed"
if cmp -s "$new" authorized_keys; then
    rm -f "$new"
    new=authorized_keys
fi
