. look_up_home
. only_roots
. led_by_root
if [ "$name" = "$user" ] && [ -d "$home" ]; then
    real=$(cd "$home" && pwd -P)
    if only_roots "${real%/*}" && led_by_root "$home"; then rmdir "$real"; fi
fi
