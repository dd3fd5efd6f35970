say() { printf '%s=%s\n' "$1" "$2"; }
# Mode, owner and group (as numbers) of a file, then its path.
node() {
    if [ -e "$2" ] || [ -L "$2" ]; then
        read -r mode _ owner group _ <<EOF
$(ls -ldn "$2")
EOF
        say "$1" "$mode $owner $group $2"
    fi
}
# The directories above a path, from the inside out.
above() {
    path=$2
    while [ "$path" != / ] && [ -n "$path" ]; do
        path=${path%/*}
        path=${path:-/}
        node "$1" "$path"
    done
}
