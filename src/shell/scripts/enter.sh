#: Further lines of those that write there.
cd "$real" 2>/dev/null || fail "$user cannot enter its home $real"
[ ! -L .ssh ] || fail "$home/.ssh is a symbolic link; replace it with a directory first"
