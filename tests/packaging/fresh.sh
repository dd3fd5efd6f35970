#!/bin/bash
# fresh.sh [12] [13] [--package FOLDER | --only-package FOLDER]: what a new user meets on a fresh Debian 12 and 13, each in a root of its own that
# debootstrap makes (kept in the cache of the tests; 3 minutes each the first time): from a clone to the end of
# tests/demo.sh, as a user with sudo and as root; the first messages of the program; from the .deb in FOLDER to --version.
# Debian 13 builds with its own Rust, the lowest that is promised. Debian 12's is too old: there the first command has to
# say so without a network, and then builds with this machine's toolchain.
# Wants root, debootstrap and the network: CI may skip it, a nightly workflow runs it. Nothing of it stays but the cache.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "fresh.sh: wants root" >&2; exit 1; }
here=$(cd "$(dirname "$0")/../.." && pwd)
cache=${STITCH_PG_TEST_CACHE:-/var/cache/stitch-pg-tests}
releases=() packages='' build=yes
while [ $# -gt 0 ]; do
  case $1 in
  12 | 13) releases+=("$1") ;;
  --package | --only-package)
    [ "$1" = --package ] || build=no
    packages=$(cd "${2:?"names the folder that build.sh filled"}" && pwd)
    shift
    ;;
  *) sed -n '2,3p' "$0" >&2; exit 2 ;;
  esac
  shift
done
[ ${#releases[@]} -gt 0 ] || releases=(12 13)
command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap

work=$(mktemp -d /var/tmp/stitch-pg-fresh.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
# What is committed, as a user would clone it.
git clone --quiet --bare "$here" "$work/stitch-pg.git"

# base RELEASE: prints the archive of that release's root.
base() {
  local name=bookworm archive=$cache/fresh-$1.tar
  if [ "$1" = 13 ]; then name=trixie; fi
  if [ ! -e "$archive" ]; then
    echo "== debootstrap of $name" >&2
    debootstrap --variant=minbase --include=ca-certificates,git,sudo "$name" "$work/new" >"$work/log" ||
      { tail "$work/log" >&2; return 1; }
    if [ "$1" = 13 ]; then
      cp -L /etc/resolv.conf "$work/new/etc/resolv.conf"
      DEBIAN_FRONTEND=noninteractive chroot "$work/new" apt-get install -y -qq --no-install-recommends cargo >"$work/log" 2>&1 ||
        { tail "$work/log" >&2; return 1; }
    fi
    mkdir -p "$cache"
    tar -C "$work/new" --one-file-system -cf "$archive.new" . && mv "$archive.new" "$archive"
    rm -rf --one-file-system "$work/new"
  fi
  echo "$archive"
}

# inside ROOT COMMAND...: in mounts and processes of its own, which all end with it.
inside() {
  local net=()
  [ "${network-}" != none ] || net=(--net)
  # The arguments are the inner shell's.
  # shellcheck disable=SC2016
  unshare "${net[@]}" --mount --pid --fork --kill-child bash -ceu '
    root=$1; shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/run"
    toolchain=$(rustc --print sysroot)
    mkdir -p "$root/toolchain" && mount --bind -o ro "$toolchain" "$root/toolchain"
    exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
      DEBIAN_FRONTEND=noninteractive bash -euo pipefail "$@"' bash "$@"
}

# unpack RELEASE ROOT: a new root with the clone, this machine's certificate authorities and a user with sudo.
unpack() {
  local archive
  archive=$(base "$1")
  mkdir "$2"
  tar -C "$2" -xpf "$archive"
  cp -L /etc/resolv.conf "$2/etc/resolv.conf"
  cp /etc/ssl/certs/ca-certificates.crt "$2/etc/ssl/certs/ca-certificates.crt"
  printf '127.0.0.1 localhost %s\n' "$(hostname)" >"$2/etc/hosts"
  printf '[safe]\n\tdirectory = /srv/stitch-pg.git\n' >"$2/etc/gitconfig"
  cp -r "$work/stitch-pg.git" "$2/srv/stitch-pg.git"
  mkdir "$2/srv/packages"
  [ -z "$packages" ] || cp "$packages"/*_"$(dpkg --print-architecture)".deb "$2/srv/packages/"
  cp "$here/tests/packaging/fresh-inside.sh" "$2/srv/"
  chroot "$2" useradd --create-home --shell /bin/bash dev
  echo 'dev ALL=(ALL) NOPASSWD: ALL' >"$2/etc/sudoers.d/dev"
}

for release in "${releases[@]}"; do
  for user in dev root; do
    root=$work/$release-$user
    if [ $build = yes ]; then
      echo "== Debian $release, a clone, as $user"
      unpack "$release" "$root"
      # Without a network: what cannot build must say so before it downloads.
      if [ "$release" = 12 ]; then network=none inside "$root" /srv/fresh-inside.sh refused "$user"; fi
      inside "$root" /srv/fresh-inside.sh clone "$user" "$release"
      [ $user = root ] || inside "$root" /srv/fresh-inside.sh contact
      rm -rf --one-file-system "$root"
    fi
    if [ -n "$packages" ]; then
      echo "== Debian $release, the package, as $user"
      unpack "$release" "$root"
      inside "$root" /srv/fresh-inside.sh package "$user"
      rm -rf --one-file-system "$root"
    fi
  done
done
echo "== Passed on Debian ${releases[*]}"
