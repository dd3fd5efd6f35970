. say
. fail
. has
. look_up
. only_roots
if id -u "$user" >/dev/null 2>&1; then say exists yes; fi
if grep -q LINE /etc/passwd; then say local yes; fi
read -r group <<EOF
$(getent group "$user" 2>/dev/null || grep LINE /etc/group || :)
EOF
say group "$group"
for tool in useradd groupadd usermod adduser addgroup chpasswd restorecon; do
    if has "$tool"; then say tool "$tool"; fi
done
if [ "$name" = "$user" ]; then
    say uid "$uid"
    say gid "$gid"
    say home "$home"
    say groups "$(id -Gn "$user" 2>/dev/null || :)"
    while IFS=: read -r name field _ _ said _ shell && [ "$name" != "$user" ]; do :; done <<EOF
$(getent passwd "$user" 2>/dev/null || cat /etc/passwd)
EOF
    say shell "$shell"
    if [ "$said" = "$comment" ]; then say made_by_us yes; fi
    if [ ! -x "${shell:-/bin/sh}" ]; then say shell_missing yes; fi
    if [ -f /etc/shells ] && ! grep -qxF -e "${shell:-/bin/sh}" /etc/shells; then say shell_unlisted yes; fi
    if [ "$field" = x ] && [ -r /etc/shadow ]; then
        while IFS=: read -r name field changed _ max _ inactive expires _ && [ "$name" != "$user" ]; do :; done </etc/shadow
        if [ "$name" != "$user" ]; then field=x; fi
        say changed "$changed"
        say max_days "$max"
        say inactive_days "$inactive"
        say expires "$expires"
        say today "$(expr "$(date +%s)" / 86400)"
    fi
    case $field in # never the hash itself
    '*') say password impossible ;;
    '!' | '!!' | '!*' | '*LK*')
        say password locked
        say lock "$field"
        ;;
    '!'*) say password locked-with-hash ;;
    '') say password empty ;;
    x) say password unreadable ;;
    '$'* | _* | ?????????????) say password hash ;;
    *) say password impossible ;;
    esac
    name=$user
fi
if [ -n "$home" ]; then
    node home_link "$home"
    if real=$(cd "$home" 2>/dev/null && pwd -P); then
        node home_node "$real"
        node ssh_node "$real/.ssh"
        node keys_node "$real/.ssh/authorized_keys"
        above above "$real"
    fi
fi
# What the SSH server reads of a file of keys. Without the user: what root alone can have put there.
text_of() { if only_roots "${1%/*}" && [ -f "$1" ] && [ ! -L "$1" ]; then head -c "$max" "$1" && echo .; fi; }
if [ -n "${real-}" ] && [ "$name" = "$user" ] && [ "$uid" != 0 ]; then
. worker
read_keys() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. read_keys
INSIDE
}
#: Line by line. Any user may have written the keys: each line stands behind its name.
text_of() {
    file=$1
    as_user read_keys
}
# Within this time a temporary key of another run may end. sshd reads it as the machine's own time, too.
say now "$(unset TZ && date +%Y%m%d%H%M%S)"
say soon "$(unset TZ && date -d "@$(expr "$(date +%s)" + 125)" +%Y%m%d%H%M%S 2>/dev/null || :)"
file=$real/.ssh/authorized_keys
if [ -f "$file" ] && [ ! -L "$file" ] && [ ! -L "$real/.ssh" ]; then
    text=$(in_home read_keys)
    line_end='
'
    cr=$(printf '\r')
    case $text in *"$cr$line_end"* | *"$cr.") say key_end mixed ;; esac
    lines=yes
    case $text in
    .) lines=no ;;
    *"$line_end.") text=${text%"$line_end".} ;;
    *.)
        text=${text%.}
        say key_end open
        ;;
    *)
        lines=no
        say key_end unread
        ;;
    esac
    if [ "$lines" = yes ]; then
        while IFS= read -r line; do say key_line "$line"; done <<EOF
$text
EOF
    fi
fi
fi
. inspect_server
