. home
put_home() {
    # shellcheck disable=SC2317 # in_home runs it
    cat <<'INSIDE'
. inside
chmod "$home_mode" "$real"
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
#: From the inside out: a home that others may write to is nothing for root to work in.
in_home put_modes
if [ -n "$home_mode" ]; then
    if only_roots "${real%/*}"; then chmod "$home_mode" "$real"; else as_user put_home; fi
fi
