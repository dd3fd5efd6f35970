# shellcheck shell=bash
# What scripts use inside a world. Sourced; needs WORLD (its state folder) and CACHE (prepare.sh).

# net_add NAME: a host is a network namespace with its own loopback
net_add() {
  ip netns add "$1"
  ip -n "$1" link set lo up
}

# lan NAME: a switch, in a namespace of its own; nothing if it is there
lan() {
  [ ! -e "/run/netns/sw-$1" ] || return 0
  ip netns add "sw-$1"
  ip -n "sw-$1" link add br0 type bridge
  ip -n "sw-$1" link set br0 up
}

# plug HOST LAN INTERFACE ADDRESS/LENGTH: a cable between a host and a switch
plug() {
  local n port
  lan "$2"
  n=$(($(cat "$WORLD/cables" 2>/dev/null || echo 0) + 1))
  echo $n >"$WORLD/cables"
  port=cable$n # the name of an interface has 15 characters at most
  ip link add "$port" netns "sw-$2" type veth peer name "$3" netns "$1"
  ip -n "sw-$2" link set "$port" master br0 up
  case $4 in
    *:*) ip -n "$1" addr add "$4" dev "$3" nodad ;; # usable at once
    *) ip -n "$1" addr add "$4" dev "$3" ;;
  esac
  ip -n "$1" link set "$3" up
}

# on HOST COMMAND...: in the host's network, its root file system if it has one, under its name
on() {
  local host=$1
  shift
  if [ -d "$WORLD/$host/root" ]; then
    # The inner script expands its own variables.
    # shellcheck disable=SC2016
    nsenter --net="/run/netns/$host" unshare --uts -- bash -c \
      'hostname "$1"; root=$2; shift 2; exec chroot "$root" "$@"' on "$host" "$WORLD/$host/root" "$@"
  else
    nsenter --net="/run/netns/$host" "$@"
  fi
}

# root_add NAME debian|rhel|busybox|debian13|unstable|neighbours: a root file system of its own for a host
root_add() {
  local name=$1 kind=$2 r=$WORLD/$1/root d n layer=layer whole=
  [ "$kind" != neighbours ] || layer=neighbours
  mkdir -p "$WORLD/$name/"{up,wk,root}
  case $kind in busybox | debian13 | unstable) whole=$kind ;; esac
  if [ -n "$whole" ]; then
    tar --xattrs --xattrs-include='*' -C "$r" -xf "$CACHE/$whole.tar"
  else
    # The layer is unpacked and not stacked: overlayfs refuses a lower layer inside another one.
    tar --xattrs --xattrs-include='*' -C "$WORLD/$name/up" -xf "$CACHE/$layer.tar"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$WORLD/$name/up,workdir=$WORLD/$name/wk" "$r"
    # Not the machine's own homes and projects: a chown -R there would copy all of them into memory.
    for d in "$r"/*; do
      if [ ! -d "$d" ] || [ -L "$d" ]; then continue; fi
      case ${d##*/} in
        bin | boot | dev | etc | lib* | proc | run | sbin | sys | tmp | usr | var) ;;
        *) mount -t tmpfs -o mode=755 tmpfs "$d" ;;
      esac
    done
  fi
  mount -t proc proc "$r/proc"
  mount -t sysfs sysfs "$r/sys" 2>/dev/null || true
  mount -t tmpfs -o mode=755 tmpfs "$r/run"
  mount -t tmpfs -o mode=1777 tmpfs "$r/tmp"
  mount -t tmpfs -o mode=755 tmpfs "$r/dev"
  for n in null zero full random urandom tty; do
    : >"$r/dev/$n"
    mount --bind "/dev/$n" "$r/dev/$n"
  done
  mkdir -p "$r/dev/pts" "$r/dev/shm" "$r/run/sshd" "$r/run/lock" "$r/home"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$r/dev/pts"
  ln -s pts/ptmx "$r/dev/ptmx"
  ln -s /proc/self/fd "$r/dev/fd"
  for n in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${n#*:}" "$r/dev/${n%:*}"; done
  chmod 700 "$r/root"
  echo "$name" >"$r/etc/hostname"
  rm -f "$r/etc/hosts" "$r/etc/resolv.conf"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" >"$r/etc/hosts" # sudo looks its own host up
  : >"$r/etc/resolv.conf"
  [ "$kind" != rhel ] || rhel_like "$r"
}

# rhel_like ROOT: adduser is useradd there, makes a home, and Debian's relatives of it are missing
rhel_like() {
  rm -f "$1"/usr/sbin/{adduser,deluser,addgroup,delgroup}
  ln -s useradd "$1/usr/sbin/adduser"
  rm -f "$1/etc/os-release" "$1/etc/debian_version"
  printf 'NAME="Rocky Linux"\nID=rocky\nID_LIKE="rhel centos fedora"\nVERSION_ID=9.4\nPRETTY_NAME="Rocky Linux 9.4"\n' >"$1/etc/os-release"
  sed -i '/^#\? *CREATE_HOME/d' "$1/etc/login.defs"
  echo 'CREATE_HOME yes' >>"$1/etc/login.defs"
  sed -i 's|^\(# *\)\?SHELL=.*|SHELL=/bin/bash|' "$1/etc/default/useradd"
}

# authorize NAME: the public keys on standard input may log in as every one of the test accounts
authorize() {
  local r=$WORLD/$1/root user home keys
  keys=$(cat)
  for user in root admin carol dave; do
    home=$(awk -F: -v user="$user" '$1 == user { print $6 }' "$r/etc/passwd")
    [ -n "$home" ] || continue
    mkdir -p "$r$home/.ssh"
    printf '%s\n' "$keys" >"$r$home/.ssh/authorized_keys"
    chmod 700 "$r$home" "$r$home/.ssh"
    chmod 600 "$r$home/.ssh/authorized_keys"
    chroot "$r" chown -R "$user:" "$home" # by name: the numbers differ from machine to machine
  done
}

# wait_listen HOST PORT: until a process listens on that TCP port, on any address
wait_listen() {
  local i hex net=()
  [ -z "$1" ] || net=(nsenter --net="/run/netns/$1") # "" is the world itself
  hex=$(printf ':%04X' "$2")
  for ((i = 0; i < 500; i++)); do
    # Looked up and not tried with a connection, which a server would log, or limit.
    if "${net[@]}" cat /proc/self/net/tcp /proc/self/net/tcp6 2>/dev/null |
      awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'; then
      return 0
    fi
    sleep 0.01
  done
  echo "nothing listens on port $2 of $1" >&2
  return 1
}

# sshd_start HOST PORT yes|no: OpenSSH, with the cached host keys; yes: with PAM.
# Standard input: lines for sshd_config, which win over these.
sshd_start() {
  local r=$WORLD/$1/root
  mkdir -p "$r/run/sshd" "$r/etc/ssh"
  if [ ! -e "$r/etc/ssh/bed" ]; then
    rm -rf "$r"/etc/ssh/ssh_host_* "$r/etc/ssh/sshd_config.d" # never the machine's own host keys
    cp "$CACHE"/hostkeys/ssh_host_* "$r/etc/ssh/"
    chmod 600 "$r"/etc/ssh/ssh_host_*_key
    cut -d' ' -f1,2 "$r"/etc/ssh/ssh_host_*_key.pub >"$WORLD/$1/hostkeys"
    : >"$r/etc/ssh/bed"
  fi
  {
    cat
    printf '%s\n' "Port $2" "PermitRootLogin prohibit-password" "PasswordAuthentication no" \
      "KbdInteractiveAuthentication no" "LogLevel DEBUG1" "UseDNS no" "Subsystem sftp internal-sftp" \
      "AllowStreamLocalForwarding no" # what setup would close
    # An OpenSSH built without PAM does not know the word.
    [ "$3" = no ] || echo "UsePAM yes"
  } >"$r/etc/ssh/sshd_config"
  on "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/sbin/sshd -D -e </dev/null >>"$WORLD/$1/log" 2>&1 &
  wait_listen "$1" "$2" || {
    cat "$WORLD/$1/log" >&2
    return 1
  }
}

# dropbear_start HOST PORT: standard input: arguments for dropbear, one a line
dropbear_start() {
  local r=$WORLD/$1/root type args
  mapfile -t args
  mkdir -p "$r/etc/dropbear"
  for type in ed25519 ecdsa; do
    [ -e "$r/etc/dropbear/$type" ] ||
      chroot "$r" /usr/bin/dropbearkey -t $type -f "/etc/dropbear/$type" 2>/dev/null |
      sed -n 's/^\(\(ssh\|ecdsa\)[^ ]* [^ ]*\).*/\1/p' >>"$WORLD/$1/hostkeys"
  done
  on "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/sbin/dropbear -F -E -p "$2" \
    -r /etc/dropbear/ed25519 -r /etc/dropbear/ecdsa "${args[@]}" </dev/null >>"$WORLD/$1/log" 2>&1 &
  wait_listen "$1" "$2" || {
    cat "$WORLD/$1/log" >&2
    return 1
  }
}

# server_stop HOST: its SSH server and every connection of it
server_stop() {
  local pids='' pid net
  net=$(nsenter --net="/run/netns/$1" readlink /proc/self/ns/net)
  for pid in /proc/[0-9]*; do
    case $(readlink "$pid/exe" 2>/dev/null) in
      */sshd* | */dropbear) [ "$(readlink "$pid/ns/net")" != "$net" ] || pids="$pids ${pid#/proc/}" ;;
    esac
  done
  # shellcheck disable=SC2086
  kill -KILL $pids
}

# tools_add: a root file system with the layer's programs (nft, iptables, pgbouncer), for any host
tools_add() {
  [ -e "$WORLD/tools/ready" ] || {
    root_add tools debian
    : >"$WORLD/tools/ready"
  }
}

# tool HOST COMMAND...: one of those programs, on the network of a host; HOST "" is the world itself
tool() {
  local net=()
  [ -z "$1" ] || net=(nsenter --net="/run/netns/$1")
  shift
  "${net[@]}" chroot "$WORLD/tools/root" "$@"
}

# bouncer_start HOST PORT FOLDER: pgbouncer; its pgbouncer.ini and users are in that folder of the tools' root
bouncer_start() {
  chroot "$WORLD/tools/root" chown -R postgres: "$3"
  tool "$1" setpriv --reuid postgres --regid postgres --init-groups -- \
    pgbouncer -q "$3/pgbouncer.ini" </dev/null >>"$WORLD/tools/root$3/log" 2>&1 &
  wait_listen "$1" "$2" || {
    cat "$WORLD/tools/root$3/log" >&2
    return 1
  }
}

# neighbour_start PORT FOLDER COMMAND...: a program of the neighbours' root, as the user postgres; its files are in that folder
neighbour_start() {
  local port=$1 folder=$2
  shift 2
  [ -e "$WORLD/neighbours/ready" ] || {
    root_add neighbours neighbours
    : >"$WORLD/neighbours/ready"
  }
  cp -r "$WORLD$folder" "$WORLD/neighbours/root$folder"
  chroot "$WORLD/neighbours/root" chown -R postgres: "$folder"
  chmod -R go-rwx "$WORLD/neighbours/root$folder"
  chroot "$WORLD/neighbours/root" setpriv --reuid postgres --regid postgres --init-groups -- \
    env "HOME=$folder" "$@" </dev/null >>"$WORLD$folder/log" 2>&1 &
  wait_listen "" "$port" || {
    cat "$WORLD$folder/log" >&2
    return 1
  }
}
