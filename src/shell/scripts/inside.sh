#: What each text for the functions of `worker` begins with. Nothing that others wrote may stand in these texts: a line of
#: theirs could end them.
set -euf
umask 077
fail() { echo "stitch-pg: $*" >&2; exit 1; }
has() { type "$1" >/dev/null 2>&1; }
