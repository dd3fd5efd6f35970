#!/usr/bin/env bash
# debian_root.sh OUT.tar SUITE
# The root file system of a bastion with another Debian than this machine's: OpenSSH's server, sudo, sudo-rs and the test
# accounts (see layer_build.sh). Nothing is installed on this machine. Needs root, apt and the network.
set -euo pipefail
out=$(readlink -f "$(dirname "$1")")/$(basename "$1")
suite=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
(
  cd "$tmp"
  apt-get -o APT::Sandbox::User=root download -qq mmdebstrap
  dpkg -x mmdebstrap_*.deb tool
)
# No mirror is named: it takes the machine's own settings. The clock of a test machine may be ahead of the list's end.
PATH=$tmp/tool/usr/bin:$PATH unshare --mount --pid --fork --kill-child=KILL --mount-proc mmdebstrap --quiet --mode=root \
  --variant=minbase --include=openssh-server,sudo,sudo-rs,iproute2,adduser --aptopt='APT::Install-Recommends "false"' \
  --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$tmp/root" >"$tmp/log" 2>&1 || {
  cat "$tmp/log" >&2
  exit 1
}
r=$tmp/root
for user in admin carol dave; do
  chroot "$r" useradd --no-create-home --home-dir "/home/$user" --shell /bin/bash -p '*' "$user"
done
chroot "$r" usermod -p '*' root
echo carol:carol-secret | chroot "$r" chpasswd --crypt-method SHA512
echo "admin ALL=(ALL:ALL) NOPASSWD: ALL" >"$r/etc/sudoers.d/admin"
echo "carol ALL=(ALL:ALL) ALL" >"$r/etc/sudoers.d/carol"
chmod 440 "$r/etc/sudoers.d/admin" "$r/etc/sudoers.d/carol"
rm -rf "$r"/var/cache/apt/* "$r"/var/lib/apt/lists/* "$r"/etc/ssh/ssh_host_* "$r"/usr/share/{i18n,zoneinfo} "$r"/tmp/*
tar --xattrs --xattrs-include='*' -C "$r" -cf "$out" .
