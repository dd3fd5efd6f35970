#: A file of keys, in the home or elsewhere, as the SSH server reads it: as the user. The dot shows that all of it was read.
. bounded
if [ -f "$file" ] && [ -r "$file" ]; then
    bounded "$file"
    head -c 1048577 "$file"
    echo .
fi
