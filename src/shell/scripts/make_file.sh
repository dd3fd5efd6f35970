[ -d .ssh ] || why=$(mkdir .ssh 2>&1) || [ -d .ssh ] || fail "$home/.ssh is no directory, and cannot be made: $why" # another run may be making it
[ -x .ssh ] || chmod u+rwx .ssh 2>/dev/null || :
cd .ssh
[ ! -L authorized_keys ] || fail "$home/.ssh/authorized_keys is a symbolic link; replace it with a regular file first"
[ -e authorized_keys ] || : >>authorized_keys
[ -f authorized_keys ] || fail "$home/.ssh/authorized_keys is not a file"
[ -r authorized_keys ] || chmod u+r authorized_keys 2>/dev/null || fail "$home/.ssh/authorized_keys is not a file that $user can read"
