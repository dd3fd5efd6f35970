cd "$real" 2>/dev/null || exit 0
set +f
for file in * .[!.]* ..?* .ssh/*; do
    case $file in .ssh | .ssh/authorized_keys) continue ;; esac
    if { [ -e "$file" ] || [ -L "$file" ]; } && ! cmp -s "/etc/skel/$file" "$file"; then echo "file=$file"; fi
done
