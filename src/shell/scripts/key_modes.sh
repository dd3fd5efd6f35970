#: The modes that sshd wants, of the file and of what it lies in: readable for the user where they are root's.
if [ "$worker" = root ]; then
    chown 0:0 "$new" .
    chmod 644 "$new"
    chmod 755 .
else
    chmod 600 "$new"
    chmod 700 .
fi
