. has
# The kernel's tables that are there; where none is, no tool is needed to know that nothing is filtered.
tables=$(cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null || :)
if has nft; then
    echo @nft
    nft -j list ruleset || echo "@blind nft cannot list its rules"
elif grep -q '^nf_tables ' /proc/modules 2>/dev/null; then
    echo "@blind the kernel has nftables rules, but nft is not installed"
fi
save() {
    if has "$1-save"; then
        echo "@$1"
        "$1-save" 2>/dev/null || echo "@blind $1-save cannot list its rules"
    fi
}
if has iptables-save; then
    save iptables
    save ip6tables
    # Where it keeps its rules in nftables, those in the kernel's older tables are not among them.
    if [ -n "$tables" ]; then
        case $(iptables -V 2>/dev/null || :) in
        *nf_tables*)
            older=$({ iptables-legacy-save && ip6tables-legacy-save; } 2>/dev/null || echo "-A, unread")
            if printf '%s\n' "$older" | grep -q -e '^-A' -e '^:[^ ]* DROP'; then
                echo "@blind rules of iptables-legacy, which stitch-pg does not read"
            fi
            ;;
        esac
    fi
elif [ -n "$tables" ]; then
    echo "@blind the kernel has iptables rules, but iptables-save is not installed"
fi
# Who keeps the rules. ufw says that it is active only to those it lets read its rules, and takes its time.
if has ufw && grep -qi '^ENABLED=yes' /etc/ufw/ufw.conf 2>/dev/null; then
    case $(ufw status 2>/dev/null || :) in
    "Status: active"*)
        echo "@active ufw"
        ufw show added 2>/dev/null | sed 's/^ufw /@ufw ufw /' || :
        ;;
    esac
fi
firewalld=
if has firewall-cmd && [ -S /run/dbus/system_bus_socket ]; then
    firewalld=$(firewall-cmd --get-default-zone 2>/dev/null || :)
fi
# By which interface the answers go, and so the packets come.
known=' '
for address in $addresses; do
    way=$(ip -o route get "$address" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' || :)
    if [ -n "$way" ]; then
        echo "@way $address $way"
        case $known in
        *" $way "*) ;;
        *)
            known="$known$way "
            if [ -n "$firewalld" ]; then
                zone=$(firewall-cmd --get-zone-of-interface="$way" 2>/dev/null || :)
                echo "@zone $way ${zone:-$firewalld}"
                firewall-cmd --zone="${zone:-$firewalld}" --list-rich-rules 2>/dev/null |
                    sed "s/^rule /@rich ${zone:-$firewalld} rule /" || :
            fi
            ;;
        esac
    fi
done
