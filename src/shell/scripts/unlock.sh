. fail
. has
# The second field of the user's line in /etc/shadow.
while IFS=: read -r name hash _ && [ "$name" != "$user" ]; do :; done </etc/shadow
case $name:$hash in
"$user:*") echo "the account $user is already usable with a key" ;;
"$user:!" | "$user:!!" | "$user:!*")
    if has usermod; then
        usermod -p '*' "$user"
    else
        echo "$user:*" | chpasswd -e
    fi
    ;;
*) OTHER "the account $user has its own password, or none; it was not changed" ;;
esac
