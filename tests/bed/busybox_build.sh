#!/usr/bin/env bash
# busybox_build.sh OUT
# A static BusyBox with adduser, addgroup and their kin, which Debian's busybox-static leaves out, from
# Debian's source package. Only those applets: the others come from busybox-static. About 25 s.
# Needs gcc, make, bzip2, libc6-dev and an apt that knows a Debian-like archive.
set -euo pipefail
out=$(readlink -f "$(dirname "$1")")/$(basename "$1")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
mkdir -p parts lists/partial
# The machine's own sources, asked for source packages too; the machine's settings stay as they are.
for file in /etc/apt/sources.list.d/*.sources; do
  [ -e "$file" ] || continue
  sed 's/^Types:.*/Types: deb-src/' "$file" >"parts/$(basename "$file")"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ -e "$file" ] || continue
  sed -n 's/^deb /deb-src /p' "$file" >"parts/$(basename "$file" .list).list"
done
apt=(-qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$tmp/parts"
  -o Dir::State::lists="$tmp/lists" -o APT::Sandbox::User=root)
apt-get "${apt[@]}" update
apt-get "${apt[@]}" source --download-only busybox
tar xjf busybox_*.orig.tar.bz2
cd busybox-*/
make -s allnoconfig </dev/null >/dev/null 2>&1
for name in STATIC BUSYBOX SHOW_USAGE FEATURE_VERBOSE_USAGE LFS ADDGROUP ADDUSER DELUSER DELGROUP \
  FEATURE_ADDUSER_TO_GROUP FEATURE_DEL_USER_FROM_GROUP FEATURE_SHADOWPASSWDS FEATURE_CHECK_NAMES LONG_OPTS \
  FEATURE_ADDUSER_LONG_OPTIONS FEATURE_ADDGROUP_LONG_OPTIONS PASSWD CHPASSWD CRYPTPW USE_BB_CRYPT USE_BB_CRYPT_SHA; do
  sed -i "s/^# CONFIG_$name is not set/CONFIG_$name=y/" .config
done
# With the default numbers of an allnoconfig, new users would begin at 0.
yes "" 2>/dev/null | make -s oldconfig >/dev/null 2>&1 || true
sed -i -e "s/^CONFIG_FIRST_SYSTEM_ID=.*/CONFIG_FIRST_SYSTEM_ID=100/" -e "s/^CONFIG_LAST_SYSTEM_ID=.*/CONFIG_LAST_SYSTEM_ID=999/" \
  -e "s/^CONFIG_LAST_ID=.*/CONFIG_LAST_ID=60000/" .config
make -s -j"$(nproc)" busybox >make.log 2>&1 || {
  tail -20 make.log >&2
  exit 1
}
install -m 755 busybox "$out"
