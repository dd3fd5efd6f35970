//! Rules for the firewalls under test: as administrators and their tools write them, and random ones.

use crate::support::rng::Rng;

/// For nft, with the number of the three clients whose fate may stay open.
pub(super) const NFT: [(&str, usize); 16] = [
    ("", 0),
    ("table inet f { chain i { type filter hook input priority 0; policy drop; } }", 0),
    ("table inet f { chain i { type filter hook input priority 0; policy accept; tcp dport 5432 drop; } }", 0),
    // As the distributions' examples have it.
    (
        "table inet filter { chain input { type filter hook input priority filter; policy drop;
            ct state vmap { established : accept, related : accept, invalid : drop }
            iifname \"lo\" accept
            ip protocol icmp accept
            tcp dport { 22, 80 } accept
            ip saddr { 52.23.137.21, 52.204.223.0/24 } tcp dport 5432 counter accept
            counter reject with icmpx type port-unreachable; } }",
        0,
    ),
    (
        "table inet f { set stitch { type ipv4_addr; flags interval; elements = { 52.23.137.0/24, 52.204.223.208-52.204.223.209 } }
            chain i { type filter hook input priority 0; policy drop; ip saddr @stitch tcp dport 5400-5500 accept; } }",
        0,
    ),
    ("table inet f { set s { type ipv4_addr; }\nchain i { type filter hook input priority 0; policy drop; ip saddr @s accept; } }", 0),
    // Chains that call one another.
    (
        "table ip f { chain db { ip saddr 52.99.9.9 drop; ip saddr 52.23.137.21 return; accept; }
            chain i { type filter hook input priority 0; policy drop; tcp dport 5432 jump db; ip saddr != 52.204.0.0/16 drop; accept; } }",
        0,
    ),
    (
        "table ip f { chain db { ip saddr 52.23.137.21 accept; }
            chain i { type filter hook input priority 0; policy drop; tcp dport 5432 goto db; accept; } }",
        0,
    ),
    // Both chains must let it in.
    (
        "table ip a { chain i { type filter hook input priority -10; policy accept; ip saddr 52.23.137.21 accept; } }
         table inet b { chain i { type filter hook input priority 10; policy accept; ip saddr 52.23.137.21 tcp dport 5432 drop; } }",
        0,
    ),
    // Before the input hook.
    (
        "table inet f { chain p { type filter hook prerouting priority -300; policy accept; ip saddr 52.99.0.0/16 drop; }
            chain i { type filter hook input priority 0; policy accept; } }",
        0,
    ),
    // For others: IPv6, UDP, forwarded packets, those of known connections.
    (
        "table ip6 f { chain i { type filter hook input priority 0; policy drop; } }
         table inet g { chain f { type filter hook forward priority 0; policy drop; }
            chain i { type filter hook input priority 0; policy accept; udp dport 5432 drop; meta nfproto ipv6 drop; ct state established drop; } }",
        0,
    ),
    (
        "table inet f { map m { type ipv4_addr : verdict; elements = { 52.23.137.21 : accept, 52.99.9.9 : drop } }
            chain i { type filter hook input priority 0; policy drop; ip saddr vmap @m; tcp dport vmap { 22 : accept, 5432 : accept } } }",
        0,
    ),
    ("table inet f { chain i { type filter hook input priority 0; policy drop; ct state new tcp dport 5432 ip saddr != 52.99.9.9 accept; } }", 0),
    // What is not seen from the rules: the interface, and how often.
    ("table inet f { chain i { type filter hook input priority 0; policy drop; iifname \"e0\" accept; } }", 3),
    ("table inet f { chain i { type filter hook input priority 0; policy accept; iifname \"e9\" accept; } }", 0),
    ("table inet f { chain i { type filter hook input priority 0; policy drop; tcp dport 5432 limit rate 100/second accept; } }", 3),
];

/// For iptables of both kinds.
pub(super) const IPTABLES: [(&str, usize); 7] = [
    ("*filter\n:INPUT DROP [0:0]\nCOMMIT", 0),
    (
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n\
         -A INPUT -p icmp -j ACCEPT\n-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT\n\
         -A INPUT -s 52.23.137.21/32 -p tcp -m tcp --dport 5432 -m comment --comment \"Stitch --dport 1\" -j ACCEPT\n\
         -A INPUT -j REJECT --reject-with icmp-host-prohibited\nCOMMIT",
        0,
    ),
    (
        "*filter\n:INPUT ACCEPT [0:0]\n:db - [0:0]\n-A INPUT -p tcp -m multiport --dports 80,5432:5440 -j db\n\
         -A db -s 52.204.0.0/16 -j RETURN\n-A db -j DROP\nCOMMIT",
        0,
    ),
    (
        "*filter\n:INPUT ACCEPT [0:0]\n:db - [0:0]\n-A INPUT ! -s 52.204.0.0/16 -p tcp -g db\n-A INPUT -j DROP\n\
         -A db -s 52.99.9.9/32 -j DROP\nCOMMIT",
        0,
    ),
    (
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -s 52.99.9.9/32 -j DROP\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n\
         -A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m tcp --dport 5432 -s 52.23.137.21/32 -j REJECT --reject-with tcp-reset\n\
         -A INPUT -p tcp ! --syn -j DROP -m comment --comment x\nCOMMIT",
        0,
    ),
    (
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -i e0 -p tcp -m tcp --dport 5432 -j ACCEPT\nCOMMIT",
        3,
    ),
    (
        "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m limit --limit 100/sec -j ACCEPT\n-A INPUT -p udp -j DROP\nCOMMIT",
        0,
    ),
];

/// For nft and IPv6; what is for IPv4 does not concern it.
pub(super) const NFT_IPV6: &str =
    "table inet f { chain i { type filter hook input priority 0; policy drop; meta l4proto icmpv6 accept;
    ip saddr 0.0.0.0/0 drop; ip6 saddr { fd77::/64, fd99::1 } tcp dport 5432 accept; } }";

/// For ip6tables of both kinds.
pub(super) const IP6TABLES: [&str; 2] = [
    "*filter\n:INPUT DROP [0:0]\n-A INPUT -p ipv6-icmp -j ACCEPT\n-A INPUT -s fd77::21/128 -p tcp -m tcp --dport 5432 -j ACCEPT\nCOMMIT",
    "*filter\n:INPUT ACCEPT [0:0]\n:db - [0:0]\n-A INPUT ! -s fd77::/64 -p tcp -m tcp --dport 5432 -j db\n-A db -j REJECT\nCOMMIT",
];

const SOURCES: [&str; 6] = [
    "52.23.137.21",
    "52.204.223.208",
    "52.99.9.9",
    "52.204.0.0/16",
    "52.0.0.0/10",
    "10.0.0.0/8",
];

/// A few rules over two chains that call one another.
pub(super) fn random_nft(rng: &mut Rng) -> String {
    let mut rule = |deeper: &str| {
        let mut text = String::new();
        if rng.percent(60) {
            let source = rng.pick(&SOURCES);
            let form = rng.pick(&[
                "ip saddr != SOURCE ",
                "ip saddr { SOURCE, 192.0.2.1 } ",
                "ip saddr SOURCE ",
            ]);
            text += form.replace("SOURCE", source).as_str();
        }
        if rng.percent(60) {
            text += rng.pick(&[
                "tcp dport 5432 ",
                "tcp dport != 5432 ",
                "tcp dport { 22, 5432 } ",
                "tcp dport 1-1023 ",
                "tcp dport 5000-6000 ",
                "meta l4proto udp ",
                "meta l4proto tcp ",
                "ct state established,related ",
                "ct state new ",
                "iifname \"lo\" ",
            ]);
        }
        let verdicts = ["accept", "drop", "return", "reject", "counter", "continue"];
        match deeper {
            "" => text += rng.pick(&verdicts),
            deeper if rng.percent(30) => text = format!("{text}{} {deeper}", rng.pick(&["jump", "goto"])),
            _ => text += rng.pick(&verdicts),
        }
        text
    };
    let mut chain = |deeper: &str| (0..4).map(|_| rule(deeper)).collect::<Vec<_>>().join("; ");
    let (inner, middle, outer, other) = (chain(""), chain("inner"), chain("middle"), chain(""));
    let policies = [rng.pick(&["accept", "drop"]), rng.pick(&["accept", "accept", "drop"])];
    format!(
        "table inet t {{ chain inner {{ {inner}; }}\nchain middle {{ {middle}; }}\n\
         chain outer {{ type filter hook input priority 0; policy {}; {outer}; }}\n\
         chain other {{ type filter hook input priority 5; policy {}; {other}; }} }}",
        policies[0], policies[1]
    )
}

/// The same for iptables.
pub(super) fn random_iptables(rng: &mut Rng) -> String {
    let mut rule = |chain: &str, deeper: &str| {
        let mut text = format!("-A {chain} ");
        if rng.percent(60) {
            text += if rng.percent(25) { "! -s " } else { "-s " };
            text += rng.pick(&SOURCES);
            text += " ";
        }
        if rng.percent(60) {
            text += rng.pick(&[
                "-p tcp -m tcp --dport 5432 ",
                "-p tcp -m tcp ! --dport 5432 ",
                "-p tcp -m multiport --dports 22,5432 ",
                "-p tcp -m tcp --dport 1:1023 ",
                "-p tcp -m multiport ! --dports 80,5000:6000 ",
                "-p udp ",
                "! -p udp ",
                "-m conntrack --ctstate RELATED,ESTABLISHED ",
                "-m conntrack --ctstate NEW ",
                "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN ",
                "-i lo ",
                "! -i lo ",
            ]);
        }
        let targets = ["ACCEPT", "DROP", "RETURN", "REJECT"];
        let word = if rng.percent(20) { "-g" } else { "-j" };
        match deeper {
            "" => text + "-j " + rng.pick(&targets),
            deeper if rng.percent(40) => format!("{text}{word} {deeper}"),
            _ => text + "-j " + rng.pick(&targets),
        }
    };
    let mut lines = Vec::new();
    for (chain, deeper) in [("INPUT", "one"), ("one", "two"), ("two", "")] {
        lines.extend((0..4).map(|_| rule(chain, deeper)));
    }
    let policy = rng.pick(&["ACCEPT", "DROP"]);
    format!(
        "*filter\n:INPUT {policy} [0:0]\n:one - [0:0]\n:two - [0:0]\n{}\nCOMMIT",
        lines.join("\n")
    )
}
