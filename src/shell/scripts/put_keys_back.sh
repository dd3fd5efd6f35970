. home
read_keys() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
. find_file
. bounded
bounded "$real/.ssh/authorized_keys"
head -c 1048576 authorized_keys
INSIDE
}
put_back() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
. find_file
. put_back
INSIDE
}
forget() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
. find_file
rm authorized_keys
INSIDE
}
take_out() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
. find_file
. rewrite
. write
. replace_keys
INSIDE
}
put_modes() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
. modes_back
INSIDE
}
#: The dot keeps the shell from eating line ends. What stood there goes in through standard input: it may be long, and it is
#: not ours. There it has one line end more, so its length is given.
if [ "$(in_home read_keys && echo .)" = "$after." ]; then
    if [ -n "$file_mode" ]; then
        file=${#before}
        in_home put_back <<EOF
$before
EOF
    else
        in_home forget
    fi
else
    echo "$home/.ssh/authorized_keys has changed since: only Stitch's key is removed"
    in_home take_out
fi
in_home put_modes
