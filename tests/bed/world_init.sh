# shellcheck shell=bash
# Process 1 of a world (see tests/support/world.rs): runs in fresh mount, net, pid, uts and ipc
# namespaces, makes them habitable, says "ready" and waits. When its standard input closes, because
# the test is over or was killed, it ends; and with it every process, mount and network of the world.
set -e
exec 2>&1 # the program that waits for "ready" gets the reason when it does not come
mount -t sysfs sysfs /sys 2>/dev/null || true # the /sys of this net namespace
mount -t tmpfs -o mode=1777 tmpfs /dev/shm    # a killed PostgreSQL leaves files there
# A private /run: the names of `ip netns` are in it, and WORLD. It hides no checkout and no cache.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock /run/world/home
mkdir -m 1777 /run/world/tmp
# Names are what the test says; no look-up leaves the world or waits for a name server.
echo ops >/run/world/hostname
hostname ops
printf '127.0.0.1 localhost ops\n::1 localhost\n' >/run/world/hosts
: >/run/world/resolv.conf
mount --bind /run/world/hosts /etc/hosts
[ ! -e /etc/resolv.conf ] || mount --bind /run/world/resolv.conf /etc/resolv.conf 2>/dev/null || true
ip link set lo up
echo ready
read -r _ || true
