#!/bin/bash
# fresh-inside.sh PART [USER] [RELEASE]: what fresh.sh runs in a root of its own. Nothing here is for a machine of yours.
set -euo pipefail
part=$1 user=${2-root}
fail() { echo "fresh-inside.sh: $*" >&2; exit 1; }
as() { if [ "$1" = root ]; then bash -euc "$2"; else sudo -H -u "$1" bash -euc "$2"; fi; }
# says TEXT COMMAND: run as dev, it has to print this text.
says() {
  local text=$1 printed
  shift
  printed=$(sudo -H -u dev "$@" 2>&1 </dev/null) || true
  grep -qF -- "$text" <<<"$printed" || { echo "$printed"; fail "no \"$text\" from: $*"; }
  echo "-- $text"
}

case $part in
refused)
  as "$user" 'git clone --quiet /srv/stitch-pg.git ~/stitch-pg'
  if printed=$(as "$user" 'cd ~/stitch-pg && tests/demo.sh' 2>&1); then fail "the demo should be refused"; fi
  grep -F 'stitch-pg needs Rust 1.85 or newer' <<<"$printed" || { echo "$printed"; fail "it does not say what it needs"; }
  ;;
clone)
  [ "${3-}" = 13 ] || export PATH=/toolchain/bin:$PATH
  # sudo has a search path of its own.
  as "$user" "export PATH=$PATH; cd; [ -d stitch-pg ] || git clone --quiet /srv/stitch-pg.git stitch-pg; cd stitch-pg
    rustc --version; tests/demo.sh >~/demo.log 2>&1 || { tail -n 40 ~/demo.log; exit 1; }; grep -F 'Nothing is left behind.' ~/demo.log"
  home=$(getent passwd "$user" | cut -d: -f6)
  install -m 755 "$home/stitch-pg/target/debug/stitch-pg" /usr/local/bin/stitch-pg
  ;;
package)
  sudo=; [ "$user" = root ] || sudo=sudo
  as "$user" "$sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends /srv/packages/*.deb >/dev/null"
  as "$user" 'stitch-pg --version'
  ;;
contact)
  stitch_pg=(stitch-pg plan --no-input --region europe --database warehouse)
  # 1. No server.
  says 'nothing listens there' "${stitch_pg[@]}" --host 127.0.0.1 --admin-user postgres
  # 2. Debian's own cluster: postgres has no password, and only the Linux user of that name may use the socket.
  version=$(ls /usr/lib/postgresql)
  pg_createcluster "$version" main >/dev/null
  control() { pg_ctlcluster --skip-systemctl-redirect "$version" main "$1"; }
  control start
  trap 'control stop' EXIT
  says 'sudo -u postgres stitch-pg' "${stitch_pg[@]}" --host /var/run/postgresql --admin-user postgres
  says 'sudo -u postgres stitch-pg' env PGPASSWORD=guessed "${stitch_pg[@]}" --host 127.0.0.1 --admin-user postgres
  printf 'local all all peer\n' >"/etc/postgresql/$version/main/pg_hba.conf"
  control reload
  says 'sudo -u postgres stitch-pg' env PGPASSWORD=guessed "${stitch_pg[@]}" --host 127.0.0.1 --admin-user postgres
  cd /tmp
  # What they advise works.
  sudo -u postgres env STITCH_PG_PASSWORD=loader-secret stitch-pg setup --yes --no-input --region europe --database warehouse \
    --host /var/run/postgresql --admin-user postgres --stitch-host db.example.com --only database,role </dev/null | grep -F 'Done: '
  # 3. A login without rights.
  printf 'host all all 127.0.0.1/32 scram-sha-256\n' >>"/etc/postgresql/$version/main/pg_hba.conf"
  control reload
  sudo -u postgres psql -qc "CREATE ROLE visitor LOGIN PASSWORD 'visitor'"
  stitch_pg=(stitch-pg plan --no-input --region europe --database elsewhere)
  says '"visitor" is not a superuser' env PGPASSWORD=visitor "${stitch_pg[@]}" --host 127.0.0.1 --admin-user visitor
  # 4. A pooler in between, which does not know the login.
  apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null
  printf '[databases]\n* = host=127.0.0.1\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=6432\nauth_type=scram-sha-256\nauth_file=%s\n' \
    /tmp/users >/tmp/pgbouncer.ini
  : >/tmp/users
  su postgres -s /bin/sh -c 'exec pgbouncer -q /tmp/pgbouncer.ini >/tmp/pgbouncer.log 2>&1' &
  while ! (: >/dev/tcp/127.0.0.1/6432) 2>/dev/null; do sleep 0.1; done
  says 'a connection pooler (PgBouncer or one like it)' env PGPASSWORD=x "${stitch_pg[@]}" \
    --host 127.0.0.1 --port 6432 --admin-user visitor
  ;;
esac
