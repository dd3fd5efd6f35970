#: Reads the user's entry in the account database into `name`, `uid`, `gid` and `home`; `name` stays empty when there is none.
#: The home is never assumed to be below /home.
# The user's entry in the account database.
while IFS=: read -r name _ uid gid _ home _ && [ "$name" != "$user" ]; do :; done <<EOF
$(getent passwd "$user" 2>/dev/null || cat /etc/passwd)
EOF
