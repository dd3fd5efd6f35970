cd .ssh
[ ! -L authorized_keys ] || fail "$home/.ssh/authorized_keys is a symbolic link; replace it with a regular file first"
if [ -f authorized_keys ]; then
    read -r _ links _ <<EOF
$(ls -ldn authorized_keys)
EOF
    if [ "$worker" = root ]; then
        [ "$links" = 1 ] || fail "$home/.ssh/authorized_keys is a file of another name as well; make it one of its own first"
        chown 0:0 authorized_keys
        chmod 644 authorized_keys
    else
        chmod 600 authorized_keys
    fi
fi
