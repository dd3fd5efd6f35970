#: The same, for those that need no numbers.
# The user's entry in the account database.
while IFS=: read -r name _ _ _ _ home _ && [ "$name" != "$user" ]; do :; done <<EOF
$(getent passwd "$user" 2>/dev/null || cat /etc/passwd)
EOF
