#: The file and what it lies in. Owners are put back where root works; elsewhere they were not changed.
[ -d .ssh ] || exit 0
cd .ssh
if [ -n "$file_mode" ] && [ -f authorized_keys ] && [ ! -L authorized_keys ]; then
    if [ "$worker" = root ]; then chown "$file_owner" authorized_keys; fi
    chmod "$file_mode" authorized_keys
fi
if has restorecon; then restorecon -R . || :; fi
if [ -n "$folder_mode" ]; then
    if [ "$worker" = root ]; then chown "$folder_owner" .; fi
    chmod "$folder_mode" .
else
    cd ..
    rmdir .ssh 2>/dev/null || :
fi
