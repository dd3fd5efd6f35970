#!/bin/sh
# setup-system.sh [--tests|--packaging]
# Installs what building and running stitch-pg needs, where it is missing, on Debian and its relatives:
# a C compiler, make, pkg-config, OpenSSL's and zlib's headers, a PostgreSQL server and client.
# Ends before it downloads anything where Rust is missing or older than Cargo.toml's rust-version.
# With --tests also what the tests use, with --packaging what tests/packaging.sh uses.
# Creates no database cluster and starts no service.
# Asks for sudo only if something is missing and the user is not root.
set -eu

purpose=${1-}
case $purpose in
'' | --tests | --packaging) ;;
*)
  echo "usage: $0 [--tests|--packaging]" >&2
  exit 2
  ;;
esac

have() { command -v "$1" >/dev/null 2>&1; }
# A server's programs are not on the search path of Debian, and ip is not on every user's.
PATH=$PATH:/usr/sbin:/sbin

# Before anything is downloaded: without Rust all the rest is of no use.
rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")
found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2) || found=
have cargo || found=
if [ "$(printf '%s\n' "$rust" "${found:-0}" | sort -V | head -n 1)" != "$rust" ]; then
  cat >&2 <<EOF
stitch-pg needs Rust $rust or newer with cargo. This machine has ${found:-none}. Nothing was downloaded or installed.
Next: install Rust, then run this command again.
  Debian 13:    sudo apt install cargo
  any other:    https://rustup.rs
EOF
  exit 1
fi

server_there() {
  for initdb in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb /usr/bin/initdb; do
    [ -x "$initdb" ] && return 0
  done
  return 1
}

wanted=
want() { wanted="$wanted $1"; }

have cc || want gcc
{ have cc && [ -e /usr/include/stdlib.h ]; } || want libc6-dev
have make || want make
if have pkg-config; then
  pkg-config --exists openssl || want libssl-dev
  pkg-config --exists zlib || want zlib1g-dev
else
  want pkg-config
  want libssl-dev
  want zlib1g-dev
fi
server_there || want postgresql
have psql || want postgresql-client
case $purpose in
--tests)
  have ip || want iproute2
  { have unshare && have nsenter && have setpriv && have flock; } || want util-linux
  have ssh-keygen || want openssh-client
  have npm || want npm
  have openssl || want openssl
  have bzip2 || want bzip2
  have curl || want curl
  have jq || want jq
  have shellcheck || want shellcheck
  have strace || want strace
  { have journalctl && [ -x /lib/systemd/systemd-journal-remote ]; } || want systemd-journal-remote
  have mandoc || want mandoc
  python3 -m pip --version >/dev/null 2>&1 || want python3-pip
  ;;
--packaging)
  have musl-gcc || want musl-tools
  have rpm || want rpm
  have groff || want groff
  have zsh || want zsh
  have fish || want fish
  have buildah || want buildah
  ;;
esac

[ -n "$wanted" ] || exit 0

if ! have apt-get; then
  echo "Please install what these packages of Debian hold, then try again:$wanted" >&2
  exit 1
fi

echo "Installing:$wanted" >&2
if [ "$(id -u)" = 0 ]; then
  as_root() { "$@"; }
elif have sudo; then
  as_root() { sudo "$@"; }
else
  echo "Neither root nor sudo: please install these packages, then try again:$wanted" >&2
  exit 1
fi

# Without this file the PostgreSQL package makes and starts a database cluster, which is not wanted here.
dropin=/etc/postgresql-common/createcluster.d/stitch-pg-setup.conf
made=no
cleanup() {
  [ $made = no ] || as_root rm -f "$dropin"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
case " $wanted " in
*' postgresql '*)
  made=yes
  as_root mkdir -p "${dropin%/*}"
  echo 'create_main_cluster = false' | as_root tee "$dropin" >/dev/null
  ;;
esac

as_root apt-get update -qq
# The packages' names hold no spaces: they are to become words.
# shellcheck disable=SC2086
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >&2
