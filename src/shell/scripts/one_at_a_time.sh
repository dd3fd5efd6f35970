#: Waits for another run that is at the same place, by a lock on a folder that is held until the script ends.
if has flock; then
    exec 9<FOLDER
    tries= # one letter each: small shells cannot reckon
    until refused=$(flock -n 9 2>&1) || [ -n "$refused" ]; do
        tries=x$tries
        [ "${#tries}" -lt 20 ] || fail "BUSY; run the same command again later"
        sleep 1
    done
fi
