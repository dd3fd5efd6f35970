#: `bounded FILE`: a shell reads a file byte by byte, and small ones start a program for each line that they write. Some
#: `wc` would read the whole of it.
bounded() {
    read -r lines bytes <<EOF
$(head -c 1048577 "$1" | wc -lc)
EOF
    [ "$lines" -le 10000 ] && [ "$bytes" -le 1048576 ] ||
        fail "$1 has more than 10,000 lines or 1 MiB, which is too large for a key file; check it yourself"
}
