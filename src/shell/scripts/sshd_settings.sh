# The address of this machine that Stitch connects to. Behind a translation of addresses it is the one that leads to Stitch.
reached=
for found in "$host" $(getent ahosts "$host" 2>/dev/null | cut -d ' ' -f 1); do
    if ip -o addr 2>/dev/null | grep -qF -e " $found/"; then reached=$found; fi
done
# What sshd would do with a connection from that address, or why it does not say.
sshd_settings() {
    who=user=$user,host=$1,addr=$1
    near=${reached:-$(ip route get "$1" 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p' || :)}
    shift
    # For Match LocalAddress and LocalPort; old servers do not know the words.
    "$sshd" -T "$@" -C "$who,laddr=${near:-127.0.0.1},lport=$port" 2>/dev/null || "$sshd" -T "$@" -C "$who"
}
