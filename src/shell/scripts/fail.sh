fail() { echo "stitch-pg: $*" >&2; exit 1; }
