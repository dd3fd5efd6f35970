. fail
. has
. look_up
. only_roots
. worker
