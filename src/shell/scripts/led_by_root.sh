#: `led_by_root PATH`: whether root alone decides where it leads: the folder of each name on the way, of each link there too,
#: is root's. Who can write to one of them could lead root to any place.
led_by_root() {
    way=$1
    upto=
    links=
    while [ -n "$way" ]; do
        step=${way%%/*}
        way=${way#"$step"}
        way=${way#/}
        [ -n "$step" ] || continue
        only_roots "$upto" || return 1
        if link=$(readlink "$upto/$step"); then
            links=x$links
            [ "${#links}" -lt 40 ] || return 1
            case $link in /*) upto= ;; esac
            way=$link/$way
        else
            upto=$upto/$step
        fi
    done
}
