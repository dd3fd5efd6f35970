#: Only what useradd and stitch-pg put there; whatever else is in the home stays.
cd "$real" 2>/dev/null || exit 0
keys=.ssh/authorized_keys
if [ -f "$keys" ] && grep -q '^[[:space:]]*[^#[:space:]]' "$keys"; then
    fail "$home/$keys still contains a key; the user $user was not removed"
fi
rm -f "$keys" || :
rmdir .ssh 2>/dev/null || :
for file in .bash_logout .bashrc .profile .bash_profile; do
    if cmp -s "/etc/skel/$file" "$file"; then rm "$file"; fi
done
