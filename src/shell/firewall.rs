//! The script that prints a host's firewall rules as its own tools tell them.

use super::{HAS, script};
use crate::change::Statement;

/// Prints the rules, each tool's behind a line with its name; nothing is changed. What was not to be had is told as
/// `@blind` and why.
#[must_use]
pub fn inspect_firewall() -> Statement {
    script("Look at the firewall; nothing is changed.", &[], &[HAS, INSPECT])
}

const INSPECT: &str = r#"
for tool in ufw firewall-cmd; do if has "$tool"; then echo "@has $tool"; fi; done
# The kernel's tables that are there; where none is, no tool is needed to know that nothing is filtered.
tables=$(cat /proc/net/ip_tables_names 2>/dev/null || :)
if has nft; then
    echo @nft
    nft -j list ruleset || echo "@blind nft does not list its rules"
elif grep -q '^nf_tables ' /proc/modules 2>/dev/null; then
    echo "@blind the kernel has nftables, and there is no nft to read them with"
fi
if has iptables-save; then
    # nftables rules of iptables and those of the kernel's older tables.
    echo @iptables
    iptables-save 2>/dev/null || echo "@blind iptables-save does not list its rules"
    if [ -n "$tables" ] && has iptables-legacy-save; then
        echo @iptables
        iptables-legacy-save 2>/dev/null || echo "@blind iptables-legacy-save does not list its rules"
    fi
    if has ip6tables-save; then
        echo @ip6tables
        ip6tables-save 2>/dev/null || echo "@blind ip6tables-save does not list its rules"
    fi
elif [ -n "$tables" ]; then
    echo "@blind the kernel has iptables rules, and there is no iptables-save to read them with"
fi
"#;
