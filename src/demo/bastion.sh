# Process 1 of the throw-away SSH server: root in mount and process namespaces of its own, on this machine's network.
#   sh -c … bastion FOLDER SSHD
# FOLDER holds sshd_config, host_key, admin.pub and an empty folder named private. /etc is replaced by a copy, and
# whatever else useradd and sshd write to by something empty, all in memory: nothing done in here reaches the machine.
# When standard input closes, because the demo is over or was killed, this process ends, and with it the kernel ends
# everything in here.
folder=$1 sshd=$2 etc=$1/private/etc
set -e
[ -d /home ] # a user could only be made with a folder that the machine would keep
mount -t tmpfs -o mode=755 stitch-pg-demo "$folder/private"
cp -a /etc "$etc" 2>/dev/null || [ -s "$etc/passwd" ]
cd "$etc"

# Accounts from files only, none named stitch, and root can log in with a key whatever the machine says.
printf '%s\n' 'passwd: files' 'group: files' 'shadow: files' 'gshadow: files' 'hosts: files' >nsswitch.conf.demo
mv -f nsswitch.conf.demo nsswitch.conf
for file in passwd group shadow gshadow subuid subgid; do
  [ ! -f $file ] || sed -i '/^stitch:/d' $file
done
sed -i 's|^root:.*|root:x:0:0:root:/root:/bin/sh|' passwd
[ ! -f shadow ] || sed -i 's/^root:.*/root:*:::::::/' shadow
[ ! -f default/useradd ] || sed -i 's|^HOME=.*|HOME=/home|' default/useradd
rm -rf nologin ssh/sshd_config.d ssh/ssh_host_*
mkdir -p ssh
cp "$folder/sshd_config" ssh/sshd_config
cp "$folder/admin.pub" ssh/demo_admin_keys
cp "$folder/host_key" ssh/demo_host_key
chmod 600 ssh/demo_admin_keys ssh/demo_host_key
cd /

mount --bind "$etc" /etc
for empty in /home /root /run /var/run /var/log /var/mail /var/spool /var/lib/sss /var/tmp /tmp; do
  case $empty in
    /home | /root) ;; # also where they are links to another place
    *) if [ ! -d "$empty" ] || [ -L "$empty" ]; then continue; fi ;;
  esac
  case $empty in
    */tmp) mode=1777 ;;
    /root) mode=700 ;;
    *) mode=755 ;;
  esac
  mount -t tmpfs -o "mode=$mode" stitch-pg-demo "$empty"
done
mkdir -p /run/sshd

"$sshd" -D -e -f /etc/ssh/sshd_config </dev/null 2>/run/sshd.log >&2 &
server=$!
# It writes this file when it listens.
until [ -s /run/demo-sshd.pid ]; do
  if ! kill -0 $server 2>/dev/null; then
    cat /run/sshd.log >&2
    exit 1
  fi
  sleep 0.02 2>/dev/null || sleep 1
done
echo ready
IFS= read -r _ || :
