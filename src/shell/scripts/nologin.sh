if [ "$shell" = nologin ]; then
    for file in /bin/false /sbin/nologin /usr/sbin/nologin; do if [ -x "$file" ]; then shell=$file; fi; done
    [ "$shell" != nologin ] || fail "this machine has neither nologin nor /bin/false"
fi
[ -z "$shell" ] || [ -x "$shell" ] || fail "there is no shell $shell on this machine"
