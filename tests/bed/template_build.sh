#!/usr/bin/env bash
# template_build.sh OUTDIR BINDIR
# An initialised data directory which the tests copy, because initdb takes ten times as long as a copy.
# Superuser postgres (password admin-secret), and dba, who is none but may make roles and databases
# (password dba-secret). Unix socket: trust. TCP: scram-sha-256. OUTDIR must not exist.
# As root: made, and owned, by the user postgres (the server refuses root).
set -euo pipefail
out=$1
bin=$2
cd / # initdb wants to be able to return to the current directory
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
umask 077
echo admin-secret >"$tmp/password"
as=()
if [ "$(id -u)" = 0 ]; then
  chown -R postgres: "$tmp"
  as=(setpriv --reuid postgres --regid postgres --init-groups --reset-env)
fi
# 1 MB WAL segments: a data directory of 24 MB instead of 40. Before version 11 their size is the program's own.
small=()
if "$bin/initdb" --help | grep -q wal-segsize; then small=(--wal-segsize=1); fi
"${as[@]}" "$bin/initdb" -D "$tmp/data" -N -U postgres --pwfile "$tmp/password" \
  --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 "${small[@]}" >"$tmp/log" 2>&1 ||
  {
    cat "$tmp/log" >&2
    exit 1
  }
"${as[@]}" "$bin/postgres" --single -F -D "$tmp/data" postgres >"$tmp/log" 2>&1 <<'SQL' || {
set password_encryption = 'scram-sha-256'
create role dba login createdb createrole password 'dba-secret'
SQL
  cat "$tmp/log" >&2
  exit 1
}
cp -a "$tmp/data" "$out"
