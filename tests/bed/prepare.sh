#!/usr/bin/env bash
# prepare.sh
# Makes what the tests need and takes long to make, once per machine, in a cache folder:
#   $STITCH_PG_TEST_CACHE, else /var/cache/stitch-pg-tests for root, else ${XDG_CACHE_HOME:-~/.cache}/stitch-pg-tests
# Installs nothing on the machine. Idempotent: what is there and fresh is left alone (under a second).
# Every artefact is built beside its place and then renamed, so a broken run leaves none half made.
# Without root: PostgreSQL servers, their templates and the keys; bastions need root.
#
#   layer.tar              what a bastion has on top of the machine's root    (root; Debian-like)
#   neighbours.tar         what stands in front of PostgreSQL at people's     (root; Debian-like)
#   busybox.tar            an Alpine-like bastion                             (root; Debian-like)
#   debian13.tar, unstable.tar  bastions with the OpenSSH of other Debians      (root; Debian-like)
#   loaders/NAME           a public loader with all that it needs             (Python 3 with pip)
#   pg/MAJOR               a PostgreSQL server
#   templates/MAJOR        an initialised data directory of that server
#   hostkeys/, keys/       SSH keys of the servers and of the people
set -euo pipefail
bed=$(cd "$(dirname "$0")" && pwd)
# Root's own folder is closed to the user that the servers run as, so root keeps its cache where every user can read.
if [ "$(id -u)" = 0 ]; then folder=/var/cache; else folder=${XDG_CACHE_HOME:-$HOME/.cache}; fi
cache=${STITCH_PG_TEST_CACHE:-$folder/stitch-pg-tests}
mkdir -p "$cache"/{pg,templates,stamps}

# The packages are called "beta"; the servers in them are final releases.
servers=(18.4.0-beta.17 17.10.0-beta.17 16.14.0-beta.17 14.23.0-beta.17 13.23.0-beta.16 10.23.0-beta.6)
layer_packages=(openssh-server sudo opendoas dropbear-bin busybox-static pgbouncer nftables iptables ipset ufw firewalld dbus
  krb5-kdc krb5-admin-server krb5-user)

# Apart from the layer, since no bastion has them.
neighbour_packages=(pgbouncer pgpool2 haproxy patroni python3-pysyncobj)
# The nearest to Stitch's own loader that is public.
loaders=(meltanolabs-target-postgres==0.8.1 pipelinewise-target-postgres==2.1.2 "dlt[postgres]==1.31.0")

exec 9>"$cache/lock"
flock 9 # two runs at once would build the same thing twice

# fresh ARTEFACT KEY: is it there, made from what it would be made from now?
fresh() { [ -e "$cache/$1" ] && [ "$(cat "$cache/stamps/${1//\//-}" 2>/dev/null)" = "$2" ]; }

# build ARTEFACT KEY COMMAND...: runs COMMAND with @OUT@ replaced by a temporary place, then renames
build() {
  local artefact=$1 key=$2 new="$cache/$1.new.$$" start=$SECONDS
  shift 2
  if ! (rm -rf "$new" && "${@//@OUT@/$new}") 9>&-; then
    rm -rf "$new"
    echo "prepare: could not build $artefact" >&2
    return 1
  fi
  rm -rf "$cache/stamps/${artefact//\//-}" "${cache:?}/$artefact"
  mv "$new" "$cache/$artefact"
  printf '%s\n' "$key" >"$cache/stamps/${artefact//\//-}"
  echo "prepare: made $artefact in $((SECONDS - start)) s"
}

sum() { cat "$@" | sha256sum | cut -c1-16; }

# The next two are called by name, through `build`.
# shellcheck disable=SC2317
host_keys() {
  mkdir "$1"
  local type
  for type in ed25519 ecdsa rsa; do
    ssh-keygen -q -t "$type" -N '' -C bed -f "$1/ssh_host_${type}_key"
  done
}

# shellcheck disable=SC2317
client_keys() {
  mkdir "$1"
  ssh-keygen -q -t ed25519 -N '' -C ops -f "$1/ed25519"
  ssh-keygen -q -t ed25519 -N '' -C other -f "$1/other"
  ssh-keygen -q -t ed25519 -N passphrase -C ops -f "$1/ed25519_passphrase"
  ssh-keygen -q -t ecdsa -N '' -C ops -f "$1/ecdsa"
  ssh-keygen -q -t rsa -b 2048 -N '' -C ops -f "$1/rsa"
  ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -C ops -f "$1/rsa_pem"
}

failed=0
fresh hostkeys keys-1 || build hostkeys keys-1 host_keys @OUT@ || failed=1
fresh keys keys-1 || build keys keys-1 client_keys @OUT@ || failed=1

# The servers come over the network: two at a time.
fetch() {
  local version=$1 major=${1%%.*}
  fresh "pg/$major" "$version" || build "pg/$major" "$version" "$bed/pg_fetch.sh" @OUT@ "$version"
}
jobs=()
for version in "${servers[@]}"; do
  # The distribution's own server of that version, where there is one, is as good.
  [ ! -x "/usr/lib/postgresql/${version%%.*}/bin/initdb" ] || continue
  fetch "$version" &
  jobs+=($!)
  if [ ${#jobs[@]} -ge 2 ]; then
    wait "${jobs[0]}" || failed=1
    jobs=("${jobs[@]:1}")
  fi
done

# Meanwhile, the bastions' roots.
if [ "$(id -u)" != 0 ]; then
  echo "prepare: not root: no bastions" >&2
elif ! command -v apt-get >/dev/null; then
  echo "prepare: no apt-get: no bastions" >&2
else
  # The layer lies on top of the machine's own libraries: other ones, another layer.
  under=$(dpkg-query -W libc6 libssl3 libssl3t64 openssh-client libpam0g 2>/dev/null | sha256sum | cut -c1-16 || true)
  key="$(sum "$bed/layer_build.sh") ${layer_packages[*]} $under"
  busybox_key="$(sum "$bed/busybox_build.sh" "$bed/busybox_root.sh") $under"
  neighbours_key="$(sum "$bed/layer_build.sh") ${neighbour_packages[*]} $under"
  if ! fresh layer.tar "$key" || ! fresh busybox.tar "$busybox_key" || ! fresh neighbours.tar "$neighbours_key"; then
    apt-get update -qq || true
  fi
  fresh layer.tar "$key" || build layer.tar "$key" "$bed/layer_build.sh" @OUT@ "${layer_packages[@]}" || failed=1
  fresh neighbours.tar "$neighbours_key" ||
    build neighbours.tar "$neighbours_key" "$bed/layer_build.sh" @OUT@ "${neighbour_packages[@]}" || failed=1
  applets_key=$(sum "$bed/busybox_build.sh")
  fresh busybox "$applets_key" || build busybox "$applets_key" "$bed/busybox_build.sh" @OUT@ || failed=1
  fresh busybox.tar "$busybox_key" ||
    build busybox.tar "$busybox_key" "$bed/busybox_root.sh" @OUT@ "$cache/busybox" || failed=1
fi
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  key=$(sum "$bed/debian_root.sh")
  fresh debian13.tar "$key" || build debian13.tar "$key" "$bed/debian_root.sh" @OUT@ trixie || failed=1
  # What is in the making cannot always be had, and the tests do without it then.
  fresh unstable.tar "$key" || build unstable.tar "$key" "$bed/debian_root.sh" @OUT@ unstable || true
fi

# shellcheck disable=SC2317
loader() { python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$1" "$2"; }
if python3 -m pip --version >/dev/null 2>&1; then
  mkdir -p "$cache/loaders"
  python3 -c 'import sys; print(sys.executable)' >"$cache/loaders/python" # theirs is the one that runs them
  for loader in "${loaders[@]}"; do
    name=${loader%%[-[]*}
    key="$loader $(python3 --version)"
    fresh "loaders/$name" "$key" || build "loaders/$name" "$key" loader @OUT@ "$loader" || failed=1
  done
else
  echo "prepare: no pip: no loaders" >&2
fi

template() { # MAJOR BINDIR
  local key
  key="$(sum "$bed/template_build.sh") $("$2/postgres" --version) $(id -u)"
  fresh "templates/$1" "$key" || build "templates/$1" "$key" "$bed/template_build.sh" @OUT@ "$2"
}
for bin in /usr/lib/postgresql/*/bin "$cache"/pg/*/bin; do
  [ -x "$bin/initdb" ] || continue
  major=$(basename "$(dirname "$bin")")
  template "$major" "$bin" || failed=1
done
rm -rf "$cache"/*.new.* "$cache"/*/*.new.* # what an earlier, interrupted run left
exit $failed
