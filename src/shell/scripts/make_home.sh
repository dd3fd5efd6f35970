. led_by_root
[ "$name" = "$user" ] || fail "there is no user $user on this machine"
case $home in
/ | /dev/* | /nonexistent*) fail "the home of $user is $home; set another one first" ;;
/*) ;;
*) fail "the home of $user is not a path: $home" ;;
esac
if [ ! -e "$home" ] && [ ! -L "$home" ]; then
    place=${home%/*}
    while [ -n "$place" ] && [ ! -d "$place" ]; do place=${place%/*}; done
    above=$(cd "${place:-/}" && pwd -P)
    led_by_root "$place/." || fail "users other than root can write to $above; create $home yourself, or choose another home"
    home=${above%/}${home#"$place"}
    umask 022
    mkdir -p "${home%/*}/"
    why=$(mkdir "$home" 2>&1) || [ -d "$home" ] || fail "$why" # another run may be making it
    chown 0:0 "$home"
    chmod 755 "$home"
    if has restorecon; then restorecon "$home" || :; fi
fi
