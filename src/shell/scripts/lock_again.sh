. has
if has usermod; then
    usermod -p "$lock" "$user"
else
    echo "$user:$lock" | chpasswd -e
fi
if [ -n "$changed" ] && has chage; then chage -d "$changed" "$user"; fi
