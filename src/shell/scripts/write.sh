#: Writes the new file and sees to it that all of it is there.
{ rewritten >"$new" && rewritten | cmp -s - "$new"; } ||
    fail "$home/.ssh/authorized_keys could not be written anew (is the disk full?); it is as it was"
if cmp -s "$new" authorized_keys; then
    rm -f "$new"
    new=authorized_keys
fi
