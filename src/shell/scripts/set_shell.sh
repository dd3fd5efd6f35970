. fail
. has
. nologin
if has usermod; then
    usermod -s "$shell" "$user"
else
    fail "there is no usermod here; write $shell at the end of the line of $user in /etc/passwd"
fi
