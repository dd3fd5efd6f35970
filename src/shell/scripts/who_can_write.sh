#: `only_root_writes DIRECTORY`: no other user can add a name there or replace a directory above it; no link leads there.
#: `on_the_way DIRECTORY UID`: all above it, links too, is root's or that user's, so no third user can lead us elsewhere.
only_root_writes() {
    above=$1
    [ "$(cd "$above" && pwd -P)" = "$above" ] || return 1
    while :; do
        case $(stat -c '%u %A' "$above") in
        "0 "?????w* | "0 "????????w*) return 1 ;;
        "0 "*) ;;
        *) return 1 ;;
        esac
        [ "$above" != / ] || return 0
        above=${above%/*} above=${above:-/}
    done
}
on_the_way() {
    above=$1
    while :; do
        case $(stat -c %u "$above") in 0 | "$2") ;; *) return 1 ;; esac
        [ "$above" != / ] || return 0
        above=${above%/*} above=${above:-/}
    done
}
