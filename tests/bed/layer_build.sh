#!/usr/bin/env bash
# layer_build.sh OUT.tar PACKAGE...
# Installs packages on an overlay of this machine's own root and keeps the difference as a tar: the
# bastions of the tests get an SSH server, sudo and the test accounts that way, while the machine
# itself is not changed. Needs root, apt and the network (so it has no network namespace of its own).
#
# The accounts are made here, once, and not for every bastion, because four useradd calls are slower
# than all the rest of a bastion's start:
#   admin  sudo without a password        carol  sudo with the password carol-secret
#   dave   no sudo                        root   as on the machine, without a password
set -euo pipefail
out=$1
shift
out=$(readlink -f "$(dirname "$out")")/$(basename "$out")
# The inner script expands its own variables.
# shellcheck disable=SC2016
exec unshare --mount --pid --fork --kill-child=KILL --mount-proc --propagation private -- bash -c '
set -euo pipefail
out=$1
shift
# The state lives on a tmpfs over /run, which every system has and no package installs into for good.
# The tar is written to the standard output, since the way to its folder may lead through /run.
exec 3>"$out"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/up /run/wk /run/root
mount -t overlay overlay -o lowerdir=/,upperdir=/run/up,workdir=/run/wk /run/root
r=/run/root
mount -t proc proc $r/proc
mount --rbind /dev $r/dev
mount -t tmpfs tmpfs $r/run
mount -t tmpfs -o mode=1777 tmpfs $r/tmp
cp -L /etc/resolv.conf $r/etc/resolv.conf.bed 2>/dev/null && mv -f $r/etc/resolv.conf.bed $r/etc/resolv.conf || true
printf "#!/bin/sh\nexit 101\n" >$r/usr/sbin/policy-rc.d # start no service
chmod 755 $r/usr/sbin/policy-rc.d
mkdir -p $r/etc/dpkg/dpkg.cfg.d
printf "path-exclude=/usr/share/%s/*\n" man doc locale >$r/etc/dpkg/dpkg.cfg.d/bed
# Another language than English, for one program that asks.
printf "path-include=/usr/share/locale/de/LC_MESSAGES/%s*.mo\n" sudo >>$r/etc/dpkg/dpkg.cfg.d/bed
echo force-unsafe-io >>$r/etc/dpkg/dpkg.cfg.d/bed
echo "man-db man-db/auto-update boolean false" | chroot $r debconf-set-selections || true
if ! DEBIAN_FRONTEND=noninteractive chroot $r apt-get install -y -qq --no-install-recommends "$@" >/run/log 2>&1; then
  cat /run/log >&2
  exit 1
fi
for user in admin carol dave; do
  # A fixed name may be taken on the machine: its account is replaced in this layer only.
  chroot $r userdel "$user" >/dev/null 2>&1 || true
  chroot $r useradd --no-create-home --home-dir "/home/$user" --shell /bin/bash "$user"
done
chroot $r usermod -p "*" root
chroot $r usermod -p "*" admin
chroot $r usermod -p "*" dave
echo "carol:carol-secret" | chroot $r chpasswd --crypt-method SHA512
mkdir -p $r/etc/sudoers.d
echo "admin ALL=(ALL:ALL) NOPASSWD: ALL" >$r/etc/sudoers.d/admin
echo "carol ALL=(ALL:ALL) ALL" >$r/etc/sudoers.d/carol
chmod 440 $r/etc/sudoers.d/admin $r/etc/sudoers.d/carol
umount -l $r/dev $r/proc $r/run $r/tmp
umount $r
rm -rf /run/up/var/cache/apt /run/up/var/lib/apt /run/up/var/log /run/up/tmp /run/up/run
rm -f /run/up/etc/ssh/ssh_host_* /run/up/usr/sbin/policy-rc.d
tar --xattrs --xattrs-include="*" -C /run/up -cf - . >&3
' layer "$out" "$@"
