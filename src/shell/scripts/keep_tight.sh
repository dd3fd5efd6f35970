#: One line with the key, all options in front of it: it may be narrower than what would be written.
options=OPTIONS
# sshd before 7.8 does not know permitlisten and would refuse the whole line.
case $(sshd -V 2>&1 || :) in
*OpenSSH_[1-6].* | *OpenSSH_7.[0-7][!0-9]*)
    listen=',permitlisten="localhost:1"'
    case $options in
    *"$listen"*)
        options=${options%%"$listen"*}${options#*"$listen"}
        line=${line%%"$listen"*}${line#*"$listen"}
        ;;
    esac
    ;;
esac
found=
while IFS= read -r old || [ -n "$old" ]; do
    case ${old#"${old%%[![:space:]]*}"} in
    '#'*) ;;
    *"$body"*) found=${found}x have=$old ;;
    esac
done <authorized_keys
if [ "$found" = x ]; then
    tight=yes
    before=",${have%%[[:space:]]*},"
    IFS=,
    for option in $options; do
        case $before in *,"$option",*) ;; *) tight=no ;; esac
    done
    unset IFS
    if [ "$tight" = yes ]; then line=$have; fi
fi
