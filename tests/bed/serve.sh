#!/usr/bin/env bash
# serve.sh REMOVE COMMAND...
# Runs a server until a line with the name of a signal comes on the standard input, and sends it that
# signal; or until the standard input closes, which it does however the test ends: then the server
# gets SIGQUIT and the folder REMOVE goes away (an empty REMOVE: none).
set -u
remove=$1
shift
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{
  if read -r signal <&3; then
    kill -s "$signal" "$server"
  else
    trap '' TERM # from here to its status nothing may stop it
    kill -s QUIT "$server"
    exit 3
  fi
} &
reader=$!
exec 3<&-
wait "$server"
status=$?
kill "$reader" 2>/dev/null # the server ended by itself: the reader is not needed any more
wait "$reader"
[ $? != 3 ] || [ -z "$remove" ] || rm -rf -- "$remove"
exit "$status"
