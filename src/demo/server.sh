# The life of the throw-away PostgreSQL server, from initdb to the last trace. Runs as the user the server runs as.
#   sh -c … server FOLDER PORT LISTEN_ADDRESSES BIN
# FOLDER is its own and holds pg_hba.conf, server.crt and server.key. The first line of standard input is the
# superuser's password. When standard input closes, because the demo is over or was killed, the server is shut down
# and the folder removed: nobody else has to live for that.
folder=$1 port=$2 listen=$3 bin=$4
umask 077
# A handler, so that the shell survives a signal, and a demo that was killed before it could read "ready" (PIPE), and
# still cleans up. initdb is not cut short: it would leave shared memory behind.
stopped=
trap stopped=1 TERM INT HUP PIPE

gone() {
  cd /
  rm -rf "$folder"
  exit "$1"
}

failed() {
  echo "$1" >&2
  tail -n 12 "$folder/log" >&2
  gone 1
}

cd "$folder" || exit 1
IFS= read -r password || gone 1
printf '%s\n' "$password" >admin.pw
"$bin/initdb" --pgdata=data --username=postgres --pwfile=admin.pw --auth=scram-sha-256 --encoding=UTF8 --locale=C \
  --no-sync </dev/null >log 2>&1 ||
  failed "initdb failed:"
rm -f admin.pw
[ -z "$stopped" ] || gone 1
# Nothing needs to survive a crash. mmap keeps shared memory inside the folder, so that not even a killed server
# leaves a file in /dev/shm.
"$bin/postgres" -D "$folder/data" \
  -c "listen_addresses=$listen" -c "port=$port" -c unix_socket_directories= \
  -c "hba_file=$folder/pg_hba.conf" -c password_encryption=scram-sha-256 \
  -c ssl=on -c "ssl_cert_file=$folder/server.crt" -c "ssl_key_file=$folder/server.key" \
  -c dynamic_shared_memory_type=mmap -c shared_buffers=16MB -c fsync=off -c logging_collector=off \
  </dev/null >>log 2>&1 &
server=$!
# A server that cannot start tells so at once; one that runs is watched by the demo.
ready() { sed -n 8p data/postmaster.pid 2>/dev/null | grep -q ready; }
until ready; do
  kill -0 $server 2>/dev/null || failed "the server did not start:"
  sleep 0.05 2>/dev/null || sleep 1
done
echo ready
# Until the demo's end of the pipe closes, or a signal comes.
IFS= read -r _
# INT: shut down at once, but properly. The wait is repeated because a signal cuts it short.
kill -INT $server 2>/dev/null
while kill -0 $server 2>/dev/null; do wait $server; done
gone 0
