found=
while IFS= read -r old || [ -n "$old" ]; do
    case $old in
    '#'*) ;;
    *"$stitch"*) found=$old && break ;;
    esac
done <authorized_keys
[ -n "$found" ] || fail "Stitch's key is not in $home/.ssh/authorized_keys"
options=${found%%"$stitch"*}
options=${options%"${options##*[![:space:]]}"}
case ,$options in
*',from="'*)
    rest=${options#*from=\"}
    rest=${rest#*\"}
    options=${options%%from=\"*}${rest#,}
    options=${options%,}
    ;;
esac
if [ -n "$seconds" ]; then
    unset TZ # sshd reads it as the machine's own time
    options=${options:+$options,}expiry-time=\"$(date -d "@$(expr "$(date +%s)" + "$seconds")" +%Y%m%d%H%M%S)\"
fi
line="$options $key"
line=${line# }
