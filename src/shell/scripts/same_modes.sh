#: Owner and mode stay to the bit: a proof changes nothing.
kind_of() {
    read -r mode _ owner group _ <<EOF
$(ls -ldn "$1")
EOF
    echo "$mode $owner $group"
}
cp -p authorized_keys "$new"
[ "$(kind_of "$new")" = "$(kind_of authorized_keys)" ] ||
    fail "$home/.ssh/authorized_keys does not belong to $user, who owns its directory; it was not written"
