#!/bin/bash
# try.sh FOLDER: installs every package for this machine that build.sh left in that folder, each in a root of its own in
# which there is nothing else, checks what it put there, and runs the demo of each; builds the container of
# docs/packaging/Containerfile and sets a server up from it. Wants root (chroot), rpm, groff, zsh, fish, buildah, PostgreSQL.
set -euo pipefail
folder=$(cd "${1:?"names the folder that build.sh filled"}" && pwd)
[ "$(id -u)" = 0 ] || { echo "try.sh: wants root" >&2; exit 1; }
here=$(cd "$(dirname "$0")/../.." && pwd)
arch=$(uname -m)
version=$(sed -n 's/^version = "\(.*\)"/\1/p;/^version/q' "$here/Cargo.toml")
root=$(mktemp -d)
trap 'stop_server; rm -rf "$root"' EXIT

# A PostgreSQL server on a free port of 127.0.0.1, stopped in the end.
start_server() {
  local initdb
  for initdb in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb /usr/bin/initdb; do
    if [ -x "$initdb" ]; then break; fi
  done
  server=$root/server
  mkdir "$server"
  chown nobody "$server"
  chmod 711 "$root"
  as_nobody() { setpriv --reuid nobody --clear-groups "$@"; }
  echo administrator >"$server/password"
  as_nobody "$initdb" --pgdata "$server/data" --username postgres --pwfile "$server/password" --auth scram-sha-256 --no-sync >/dev/null
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  pg_ctl=${initdb%/*}/pg_ctl
  as_nobody "$pg_ctl" --pgdata "$server/data" --silent --wait --log "$server/log" start \
    --options "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c fsync=off" ||
    { cat "$server/log"; fail "no server"; }
}

stop_server() {
  [ -z "${pg_ctl-}" ] || as_nobody "$pg_ctl" --pgdata "$server/data" --silent --mode immediate stop || true
}

fail() {
  echo "try.sh: $*" >&2
  exit 1
}

# The program at that path of a root: alone in there, which only a static one survives, and its demo out here.
try() {
  local program=$2
  [ "$(chroot "$1" "$program" --version)" = "stitch-pg $version" ] || fail "$1$program does not run on its own"
  echo "== demo from $program of $3"
  "$1$program" demo >"$root/demo.log" 2>&1 || { cat "$root/demo.log"; fail "the demo failed"; }
  grep -F 'Nothing is left behind.' "$root/demo.log"
}

# Pages and completions at that place of a root: pages without a complaint, completions that their shells take.
look() {
  local man=$1/$2 bash=$1/$3 zsh=$1/$4 fish=$1/$5 page
  for page in stitch-pg stitch-pg-setup stitch-pg-check; do
    [ -s "$man/$page.1" ] || [ -s "$man/$page.1.gz" ] || fail "no $page.1 in $man"
  done
  for page in "$man"/*; do
    page=$(gzip -dcf "$page" | groff -man -Tascii -ww 2>&1 >/dev/null)
    [ -z "$page" ] || fail "$page"
  done
  # What bash itself offers after `stitch-pg che`: the function that the script has registered is asked as bash asks it.
  page=$(bash -c 'source "$1"; words=($(complete -p stitch-pg)); while [ "${words[0]}" != -F ]; do words=("${words[@]:1}"); done
    COMP_WORDS=(stitch-pg che) COMP_CWORD=1; "${words[1]}" stitch-pg che stitch-pg; echo "${COMPREPLY[*]}"' bash "$bash")
  [ "$page" = check ] || fail "bash completes che to: $page"
  { zsh -n "$zsh" && grep -q '^#compdef stitch-pg' "$zsh"; } || fail "$zsh is no completion"
  # $argv is fish's.
  # shellcheck disable=SC2016
  page=$(fish --no-config -c 'source $argv[1]; complete --do-complete "stitch-pg che"' "$fish")
  [[ $page == check* ]] || fail "fish completes che to: $page"
}

(cd "$folder" && sha256sum --quiet --check SHA256SUMS) || fail "the checksums are wrong"

tried=0
for archive in "$folder/stitch-pg-$version-$arch"-*.tar.gz; do
  name=$(basename "$archive" .tar.gz)
  mkdir "$root/archive"
  tar -xzf "$archive" -C "$root/archive"
  look "$root/archive/$name" man completions/stitch-pg completions/_stitch-pg completions/stitch-pg.fish
  try "$root/archive" "/$name/stitch-pg" "$name.tar.gz"
  tried=$((tried + 1))
done

for package in "$folder"/*_"$(dpkg --print-architecture)".deb; do
  mkdir -p "$root"/deb/var/lib/dpkg/{updates,info}
  : >"$root/deb/var/lib/dpkg/status"
  dpkg --root="$root/deb" --install "$package" >"$root/dpkg.log" 2>&1 || { cat "$root/dpkg.log"; fail "dpkg refuses $package"; }
  look "$root/deb/usr/share" man/man1 bash-completion/completions/stitch-pg zsh/vendor-completions/_stitch-pg \
    fish/vendor_completions.d/stitch-pg.fish
  try "$root/deb" /usr/bin/stitch-pg "$(basename "$package")"
  dpkg --root="$root/deb" --purge stitch-pg >/dev/null
  left=$(find "$root/deb" -name '*stitch-pg*')
  [ -z "$left" ] || fail "after its removal there is still: $left"
  tried=$((tried + 1))
done

for package in "$folder"/*."$arch".rpm; do
  mkdir "$root/rpm"
  rpm --root "$root/rpm" --initdb
  # Every rpm system has a shell; this root has nothing.
  wants=$(rpm --query --package --requires "$package" | grep -vxE '/bin/sh|rpmlib\(.*' || true)
  [ -z "$wants" ] || fail "$package wants $wants"
  rpm --root "$root/rpm" --install --nodeps "$package" || fail "rpm refuses $package"
  rpm --root "$root/rpm" --verify --nodeps stitch-pg || fail "rpm finds $package not as it was packed"
  look "$root/rpm/usr/share" man/man1 bash-completion/completions/stitch-pg zsh/site-functions/_stitch-pg \
    fish/vendor_completions.d/stitch-pg.fish
  try "$root/rpm" /usr/bin/stitch-pg "$(basename "$package")"
  rpm --root "$root/rpm" --erase --nodeps stitch-pg
  left=$(find "$root/rpm/usr" -name '*stitch-pg*' -not -type d)
  [ -z "$left" ] || fail "after its removal there is still: $left"
  tried=$((tried + 1))
done
# The container, without a registry and without a daemon.
images() { buildah --root "$root/images" --runroot "$root/images-run" --storage-driver vfs "$@"; }
mkdir "$root/context" "$root/settings"
tar -xzf "$folder/stitch-pg-$version-$arch"-*.tar.gz --strip-components=1 -C "$root/context"
cp /etc/ssl/certs/ca-certificates.crt "$root/context"
images bud --quiet --isolation chroot -f "$here/docs/packaging/Containerfile" -t stitch-pg "$root/context" >/dev/null
container=$(images from stitch-pg)
start_server
cat >"$root/settings/stitch-pg.toml" <<EOF
[admin]
host = "127.0.0.1"
port = $port
user = "postgres"
[stitch]
region = "europe"
EOF
# As its ENTRYPOINT, user and folder say.
mapfile -t entry < <(images inspect --type image stitch-pg | python3 -c '
import json, sys
for word in json.load(sys.stdin)["OCIv1"]["config"]["Entrypoint"]: print(word)')
in_container() {
  images run --isolation chroot --volume "$root/settings:/settings:ro" \
    --env PGPASSWORD=administrator --env STITCH_PG_PASSWORD=loader-secret "$container" -- "${entry[@]}" "$@"
}
for words in "setup --yes --no-input" "check"; do
  echo "== $words from the container"
  # They are to become words.
  # shellcheck disable=SC2086
  in_container $words --only database,role,connection >"$root/container.log" 2>&1 || { cat "$root/container.log"; fail "$words failed"; }
  grep -E '^(Ready|Almost ready|Done): ' "$root/container.log" || { cat "$root/container.log"; fail "$words is not ready"; }
done
images rm "$container" >/dev/null

[ $tried -eq 3 ] || fail "three packages were to be tried, not $tried"
