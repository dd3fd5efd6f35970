#: `only_roots DIRECTORY`: whether it and every directory above it belong to root, are no links, and others cannot write to
#: them. Read from `/` downwards: what was seen of one level cannot be changed while the next one is read.
only_roots() {
    at=
    rest=${1#/}/
    while :; do
        read -r mode _ owner _ <<EOF
$(ls -ldn "${at:-/}" 2>/dev/null)
EOF
        case $mode:$owner in d????-??-*:0) ;; *) return 1 ;; esac
        [ -n "$rest" ] && [ "$rest" != / ] || return 0
        at=$at/${rest%%/*}
        rest=${rest#*/}
    done
}
