#!/usr/bin/env bash
# busybox_root.sh OUT.tar BUSYBOX
# A root file system that behaves as Alpine's does for a bastion: BusyBox adduser and ash; no PAM, no
# sudo, no bash, no useradd; OpenSSH's sshd and dropbear, unpacked from Debian's packages together
# with the shared libraries they need. Accounts: root, and dave (locked password '*').
# Needs root (chroot), apt and the network.
set -euo pipefail
out=$(readlink -f "$(dirname "$1")")/$(basename "$1")
busybox=$(readlink -f "$2")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/debs" "$tmp/x" "$tmp/root"
r=$tmp/root
(
  cd "$tmp/debs"
  apt-get -o APT::Sandbox::User=root download -qq openssh-server openssh-client openssh-sftp-server libwrap0 \
    dropbear-bin libtomcrypt1 libtommath1 busybox-static
  for deb in *.deb; do dpkg -x "$deb" "$tmp/x"; done
)
mkdir -p "$r"/{bin,sbin,usr/bin,usr/sbin,usr/lib/openssh,etc/ssh,etc/dropbear,root,home,tmp,run/sshd,var/empty,proc,sys,dev,lib64}
arch=$(uname -m)
libs=$tmp/x/usr/lib/$arch-linux-gnu:$tmp/x/lib/$arch-linux-gnu
for program in usr/sbin/sshd usr/bin/ssh-keygen usr/lib/openssh/sftp-server usr/sbin/dropbear usr/bin/dropbearkey; do
  install -m 755 "$tmp/x/$program" "$r/$program"
  LD_LIBRARY_PATH=$libs ldd "$tmp/x/$program" | awk '{for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i}' | sort -u |
    while read -r so; do
      to=$r${so#"$tmp/x"}
      mkdir -p "$(dirname "$to")"
      [ -e "$to" ] || cp -L "$so" "$to"
    done
done
install -m 755 "$tmp/x/bin/busybox" "$r/bin/busybox"
install -m 755 "$busybox" "$r/bin/busybox-login"
chroot "$r" /bin/busybox --install -s
for applet in $(chroot "$r" /bin/busybox-login --list); do
  rm -f "$r/usr/sbin/$applet" "$r/usr/bin/$applet" "$r/sbin/$applet" "$r/bin/$applet"
  case $applet in
    adduser | addgroup | deluser | delgroup | chpasswd) ln -s /bin/busybox-login "$r/usr/sbin/$applet" ;;
    *) ln -s /bin/busybox-login "$r/usr/bin/$applet" ;;
  esac
done
printf '#!/bin/sh\necho "This account is not available" >&2\nexit 1\n' >"$r/sbin/nologin"
chmod 755 "$r/sbin/nologin"
cat >"$r/etc/passwd" <<'P'
root:x:0:0:root:/root:/bin/ash
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
sshd:x:22:22:sshd:/dev/null:/sbin/nologin
dave:x:1000:1000:dave:/home/dave:/bin/ash
nobody:x:65534:65534:nobody:/:/sbin/nologin
P
printf '%s\n' 'root:*::0:::::' 'bin:!::0:::::' 'daemon:!::0:::::' 'sshd:!::0:::::' 'dave:*::0:::::' 'nobody:!::0:::::' >"$r/etc/shadow"
chmod 640 "$r/etc/shadow"
printf '%s\n' root:x:0:root bin:x:1:root,bin,daemon tty:x:5: wheel:x:10:root sshd:x:22: users:x:100: dave:x:1000: nobody:x:65534: >"$r/etc/group"
printf '/bin/sh\n/bin/ash\n' >"$r/etc/shells"
echo 3.17.0 >"$r/etc/alpine-release"
printf 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.17.0\nPRETTY_NAME="Alpine Linux v3.17"\n' >"$r/etc/os-release"
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n' >"$r/etc/nsswitch.conf"
chmod 1777 "$r/tmp"
chmod 755 "$r/var/empty" "$r"
tar -C "$r" -cf "$out" .
