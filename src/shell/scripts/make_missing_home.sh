. fail
. has
. look_up_home
. only_roots
. make_home
