#: `command -v` would say so, too, but small builds of BusyBox lack it.
has() { type "$1" >/dev/null 2>&1; }
