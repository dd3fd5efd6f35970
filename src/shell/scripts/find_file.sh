cd .ssh 2>/dev/null || fail "there is no $home/.ssh"
[ ! -L authorized_keys ] || fail "$home/.ssh/authorized_keys is a symbolic link; check it yourself"
[ -f authorized_keys ] || fail "there is no $home/.ssh/authorized_keys"
