#: A file of keys, in the home or elsewhere, as the SSH server reads it: as the user. The dot tells that all of it was read.
if [ -f "$file" ] && [ -r "$file" ]; then
    # A shell reads it byte by byte.
    [ "$(wc -c <"$file")" -le 1048576 ] || fail "$file has more than 1 MiB, which no file of keys needs; look at it yourself"
    head -c 1048577 "$file"
    echo .
fi
