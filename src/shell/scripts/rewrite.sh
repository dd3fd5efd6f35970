#: Copies the file line by line into a new one. `line` is what stands where the key was found, or at the end; empty, to take
#: the key out. The new file is compared with what it should be before anything else happens: a full disk leaves a part of it.
#: With `end=kept` the last line has an end only if it had one.
# One at a time, so that no line of another run is lost. A file system without locks goes without.
. one_at_a_time . "another run keeps $home/.ssh/authorized_keys locked"
rewritten() {
    put=$line
    between=
    ended=yes
    while IFS= read -r old || { [ -n "$old" ] && ended=no; }; do
        text=${old#"${old%%[![:space:]]*}"} # without the white space around it
        text=${text%"${text##*[![:space:]]}"}
        case $text in
        '' | '#'*) ours=no ;;
        *"$body"*) ours=yes ;;
        *) case $key in *"$text"*) ours=yes ;; *) ours=no ;; esac ;; # a piece of the key, from a paste broken over lines
        esac
        if [ "$ours" = yes ]; then
            [ -n "$put" ] || continue
            old=$put
            put=
        fi
        printf '%s%s' "$between" "$old" || return 1
        between='
'
    done <authorized_keys || return 1
    if [ -n "$put" ]; then
        printf '%s%s' "$between" "$put" || return 1
        between='
'
    fi
    if [ -n "$between" ] && [ "$ended$end" != nokept ]; then echo; fi
}
. bounded
[ -r authorized_keys ] || fail "$user cannot read $home/.ssh/authorized_keys; it is as it was"
bounded "$real/.ssh/authorized_keys"
set +f
rm -f ./.authorized_keys.stitch-pg.* 2>/dev/null || : # of a run that was killed
set -f
new=$(mktemp ./.authorized_keys.stitch-pg.XXXXXX)
trap '[ "$new" = authorized_keys ] || rm -f "$new"' EXIT
