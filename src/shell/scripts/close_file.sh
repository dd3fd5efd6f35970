cd .ssh
[ ! -L authorized_keys ] || fail "$home/.ssh/authorized_keys is a symbolic link; make it a file of its own first"
if [ -f authorized_keys ]; then
    if [ "$worker" = root ]; then
        chown 0:0 authorized_keys
        chmod 644 authorized_keys
    else
        chmod 600 authorized_keys
    fi
fi
