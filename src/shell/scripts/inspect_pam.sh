#: The part of the looking script about PAM: its rules for accounts and sessions of sshd, and the files of the modules that can be
#: judged. `pam_lines SERVICE TYPE DEPTH`; no TYPE: all.
pam_lines() {
    if [ "${#3}" -gt 8 ]; then return; fi
    for file in "/etc/pam.d/$1" "/usr/lib/pam.d/$1"; do
        [ -f "$file" ] || continue
        sed -e ':more' -e '/\\$/{N;s/\\\n//;b more' -e '}' -e 's/#.*//' "$file" | head -n 200 | while read -r kind control rest; do
            case $kind in
            @include) pam_lines "$control" "$2" "x$3" && continue ;;
            account | -account | session | -session) kind=${kind#-} ;;
            *) continue ;;
            esac
            case $2 in '' | "$kind") ;; *) continue ;; esac
            case $control in
            include | substack) pam_lines "$rest" "$kind" "x$3" ;;
            *) say pam "$kind $control $rest" ;;
            esac
        done
        return
    done
}
lines_of() { sed 's/#.*//' "$@" 2>/dev/null | grep '[^[:space:]]' | head -n 200 || :; }
said_of() {
    while IFS= read -r line; do case $line in ?*) say "$1" "$line" ;; esac; done <<EOF
$2
EOF
}
pam=
if [ "$server" != dropbear ]; then
    pam=$(pam_lines "$pam_service" '' '')
    if [ -n "$pam" ]; then printf '%s\n' "$pam"; fi
    accounts=$(printf '%s\n' "$pam" | sed -n 's/.*accessfile=\([^ ]*\).*/\1/p' | head -n 1)
    more=
    if [ -z "$accounts" ]; then more=$(set +f && echo /etc/security/access.d/*.conf); fi
    # shellcheck disable=SC2046,SC2086 # several files
    said_of pam_access "$(lines_of "${accounts:-/etc/security/access.conf}" $more)"
    limits=$(printf '%s\n' "$pam" | sed -n 's/.*pam_limits.*[[:space:]]conf=\([^[:space:]]*\).*/\1/p' | head -n 1)
    # shellcheck disable=SC2046,SC2086 # several files
    said_of pam_limit "$(lines_of ${limits:-/etc/security/limits.conf $(set +f && echo /etc/security/limits.d/*.conf)})"
    said_of pam_time "$(lines_of /etc/security/time.conf)"
fi
