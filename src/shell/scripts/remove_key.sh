. home
take_out() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
. find_file
. rewrite
. write
. key_modes
. replace_keys
. label
INSIDE
}
in_home take_out
