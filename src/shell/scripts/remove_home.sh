. look_up_home
. only_roots
if [ "$name" = "$user" ] && [ -d "$home" ]; then
    real=$(cd "$home" && pwd -P)
    if only_roots "${real%/*}"; then rmdir "$real"; fi
fi
