. home
install() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
. enter
. make_file
KEEP
. rewrite
. write
. key_modes
. replace_keys
. label
INSIDE
}
in_home install
