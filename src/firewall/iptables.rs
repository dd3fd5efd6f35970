//! What `iptables-save` and `ip6tables-save` print.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::filter::{Filter, Hook, Match, Packet, Rule, Statement, Tool};

/// The tables packets to this machine come through before they are delivered. `nat` decides about no packet.
const TABLES: [(&str, &str, i64); 5] = [
    ("raw", "PREROUTING", -300),
    ("mangle", "PREROUTING", -150),
    ("mangle", "INPUT", -149),
    ("filter", "INPUT", 0),
    ("security", "INPUT", 50),
];

/// Reads what was printed, for one packet.
pub(super) fn parse(text: &str, tool: Tool, packet: Packet<'_>) -> Filter {
    let mut filter = Filter::new(tool);
    if packet.from.is_ipv4() != tool.is_for_ipv4() {
        return filter;
    }
    let mut table = String::new();
    let mut numbers = BTreeMap::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('*') {
            name.trim().clone_into(&mut table);
        } else if let Some(chain) = line.strip_prefix(':') {
            let mut words = chain.split_whitespace();
            let (name, policy) = (words.next().unwrap_or_default(), words.next().unwrap_or("-"));
            let full = format!("{table} {name}");
            filter.chains.entry(full.clone()).or_default();
            if let Some((.., priority)) = TABLES.iter().find(|(t, c, _)| *t == table && *c == name) {
                filter.hooks.push(Hook {
                    chain: full,
                    priority: *priority,
                    drops: policy == "DROP",
                });
            }
        } else if line.starts_with("-A ") {
            let words = words(line);
            let chain = format!("{table} {}", words.get(1).map_or("", String::as_str));
            let number: &mut u64 = numbers.entry(chain.clone()).or_default();
            *number += 1;
            let (matches, act) = rule(&words, &table, packet);
            let rule = Rule {
                text: format!("{} {table}: {line}", tool.as_str()),
                number: *number,
                matches,
                act,
            };
            filter.push(&chain, rule);
        }
    }
    filter
}

/// Words as the tool quotes them.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in line.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => {
                escaped = true;
                continue;
            }
            '"' => {
                quoted = !quoted;
                continue;
            }
            ' ' if !quoted => {
                words.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn rule(words: &[String], table: &str, packet: Packet<'_>) -> (Match, Statement) {
    let mut words = words.iter().map(String::as_str).skip(2).peekable();
    let (mut matches, mut act) = (Match::Yes, Statement::Nothing);
    let mut negated = false;
    while let Some(word) = words.next() {
        if word == "!" {
            negated = true;
            continue;
        }
        let mut value = || words.next().unwrap_or_default();
        let one = match word {
            "-s" | "--source" => network(value(), packet.from),
            "-p" | "--protocol" => matches!(value(), "tcp" | "6" | "all").into(),
            "-i" | "--in-interface" => packet.comes_over(value()),
            "--dport" | "--destination-port" | "--dports" | "--destination-ports" => ports(value(), packet.port),
            "--state" | "--ctstate" => states(value()),
            "--tcp-flags" => {
                let (mask, set) = (value().to_owned(), value());
                flags(&mask, set)
            }
            "--syn" => Match::Yes,
            // It is to this machine, and from another.
            "--dst-type" => value().split(',').any(|kind| kind == "LOCAL").into(),
            "--src-type" if value() == "LOCAL" => Match::No,
            "-m" | "--match" => {
                match value() {
                    // Their own words follow, and are known; remarks say nothing.
                    "tcp" | "state" | "conntrack" | "multiport" | "comment" | "addrtype" => {}
                    _ => matches = matches.min(Match::Maybe),
                }
                continue;
            }
            "--comment" => {
                value();
                continue;
            }
            "-j" | "--jump" | "-g" | "--goto" => {
                act = target(table, word, value());
                // What follows are the target's own words.
                break;
            }
            // A word this program does not know, or a set, which is not read: its value, if it has one, is no word either.
            _ => {
                if word.starts_with('-') && words.peek().is_some_and(|next| !next.starts_with('-') && *next != "!") {
                    words.next();
                }
                Match::Maybe
            }
        };
        matches = matches.min(if negated { one.not() } else { one });
        negated = false;
    }
    (matches, act)
}

fn target(table: &str, word: &str, name: &str) -> Statement {
    match name {
        "ACCEPT" => Statement::Accept,
        "DROP" | "REJECT" => Statement::Drop,
        "RETURN" => Statement::Return,
        // These change or count, and the packet goes on.
        "LOG" | "NFLOG" | "MARK" | "CONNMARK" | "CT" | "NOTRACK" | "TCPMSS" | "AUDIT" | "SECMARK" | "CONNSECMARK"
        | "CHECKSUM" | "TRACE" => Statement::Nothing,
        // Ends in user space or in another answer.
        "QUEUE" | "NFQUEUE" | "TARPIT" | "SYNPROXY" | "MIRROR" | "STEAL" => Statement::Unknown,
        other if word.starts_with("-g") || word == "--goto" => Statement::Goto(format!("{table} {other}")),
        other => Statement::Jump(format!("{table} {other}")),
    }
}

fn network(text: &str, from: IpAddr) -> Match {
    let one = |text: &str| match (text.parse::<IpNet>(), text.parse::<IpAddr>()) {
        (Ok(net), _) => net.contains(&from).into(),
        (_, Ok(address)) => (address == from).into(),
        _ => Match::Maybe,
    };
    text.split(',').map(one).max().unwrap_or(Match::Maybe)
}

fn ports(text: &str, port: u16) -> Match {
    let number = |text: &str, empty| {
        if text.is_empty() {
            Some(empty)
        } else {
            text.parse().ok()
        }
    };
    let one = |text: &str| {
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        match (number(first, 0), number(last, u16::MAX)) {
            (Some(first), Some(last)) => (first..=last).contains(&port).into(),
            _ => Match::Maybe,
        }
    };
    text.split(',').map(one).max().unwrap_or(Match::Maybe)
}

fn states(text: &str) -> Match {
    text.split(',').any(|state| state == "NEW").into()
}

/// Of the first packet of a connection only SYN is set.
fn flags(mask: &str, set: &str) -> Match {
    let asks = |flag: &str| mask == "ALL" || mask.split(',').any(|name| name == flag);
    let wanted: Vec<&str> = set.split(',').filter(|flag| *flag != "NONE").collect();
    let syn = wanted.contains(&"SYN");
    (syn == asks("SYN") && wanted.iter().all(|flag| *flag == "SYN")).into()
}
