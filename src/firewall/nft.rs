//! What `nft -j list ruleset` prints.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::filter::{Filter, Hook, Match, Packet, Rule, Statement, Tool};

/// Tables that iptables keeps in nftables are read from `iptables-save`; the output of nft hides much of them.
const OF_IPTABLES: [&str; 5] = ["raw", "mangle", "filter", "nat", "security"];

/// Reads what was printed, for one packet; `None` when it is no ruleset.
pub(super) fn parse(text: &str, packet: Packet<'_>) -> Option<Filter> {
    let value: Value = serde_json::from_str(text).ok()?;
    let items = value.get("nftables")?.as_array()?;
    let reader = RulesetReader { items, packet };
    let mut filter = Filter::new(Tool::Nft);
    for item in items {
        if let Some(chain) = item.get("chain").filter(|chain| reader.concerns(chain)) {
            let name = format!("{} {}", table(chain), text_of(chain, "name"));
            filter.chains.entry(name.clone()).or_default();
            let hook = text_of(chain, "hook");
            let decides = matches!(hook, "input" | "prerouting" | "ingress") && text_of(chain, "type") == "filter";
            if decides {
                filter.hooks.push(Hook {
                    chain: name,
                    // What comes first at an earlier hook.
                    priority: chain["prio"].as_i64().unwrap_or(0) - if hook == "input" { 0 } else { 100_000 },
                    drops: text_of(chain, "policy") == "drop",
                });
            }
        } else if let Some(rule) = item.get("rule").filter(|rule| reader.concerns(rule)) {
            let chain = format!("{} {}", table(rule), text_of(rule, "chain"));
            for rule in reader.rule(rule, &chain) {
                filter.push(&chain, rule);
            }
        }
    }
    Some(filter)
}

struct RulesetReader<'a> {
    items: &'a [Value],
    packet: Packet<'a>,
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The one entry of an object.
fn entry(value: &Value) -> Option<(&str, &Value)> {
    let (kind, value) = value.as_object()?.iter().next()?;
    Some((kind, value))
}

fn table(value: &Value) -> String {
    format!("{} {}", text_of(value, "family"), text_of(value, "table"))
}

impl RulesetReader<'_> {
    /// Whether a chain or rule is for such packets, and `iptables-save` does not show it better.
    fn concerns(&self, item: &Value) -> bool {
        let family = match text_of(item, "family") {
            "ip" => self.packet.from.is_ipv4(),
            "ip6" => self.packet.from.is_ipv6(),
            other => matches!(other, "inet" | "netdev"),
        };
        family && !self.is_of_iptables(text_of(item, "family"), text_of(item, "table"))
    }

    fn turns_packets(&self) -> bool {
        let rules = self.items.iter().filter_map(|item| item["rule"]["expr"].as_array());
        let mut statements = rules.flatten().filter_map(Value::as_object);
        statements.any(|statement| statement.contains_key("dnat") || statement.contains_key("redirect"))
    }

    fn is_of_iptables(&self, family: &str, table: &str) -> bool {
        let upper = |item: &Value| {
            let chain = &item["chain"];
            let same = text_of(chain, "family") == family && text_of(chain, "table") == table;
            same && matches!(text_of(chain, "name"), "INPUT" | "PREROUTING" | "OUTPUT" | "FORWARD")
        };
        matches!(family, "ip" | "ip6") && OF_IPTABLES.contains(&table) && self.items.iter().any(upper)
    }

    /// One rule; several when a map gives verdicts.
    fn rule(&self, rule: &Value, chain: &str) -> Vec<Rule> {
        let table = table(rule);
        let (mut matches, mut acts) = (Match::Yes, Vec::new());
        for statement in rule["expr"].as_array().into_iter().flatten() {
            let Some((kind, value)) = entry(statement) else {
                continue;
            };
            match kind {
                "match" => matches = matches.min(self.matches(value, &table)),
                "counter" | "log" | "comment" | "mangle" | "notrack" | "ct helper" | "flow" | "meter" => {}
                "limit" | "ct count" | "quota" | "set" => matches = matches.min(Match::Maybe),
                "vmap" => {
                    let verdicts = self.verdicts(value, &table).into_iter();
                    acts.extend(verdicts.map(|(one, act)| (matches.min(one), act)));
                }
                _ => acts.push((matches, act(kind, value, &table))),
            }
        }
        let number = rule["handle"].as_u64().unwrap_or_default();
        let rule = |(matches, act)| Rule {
            text: format!("nft {chain}, handle {number}"),
            number,
            matches,
            act,
        };
        acts.into_iter().map(rule).collect()
    }

    /// The entries of a verdict map.
    fn verdicts(&self, map: &Value, table: &str) -> Vec<(Match, Statement)> {
        let entries = match &map["data"] {
            Value::String(name) => self.elements(name, table),
            data => data["set"].as_array(),
        };
        let Some(entries) = entries else {
            return vec![(Match::Maybe, Statement::Unknown)];
        };
        let verdict = |pair: &Value| {
            let (kind, value) = entry(&pair[1])?;
            Some((self.compare(&map["key"], &pair[0], table), act(kind, value, table)))
        };
        entries.iter().filter_map(verdict).collect()
    }

    fn matches(&self, value: &Value, table: &str) -> Match {
        let is = self.compare(&value["left"], &value["right"], table);
        match text_of(value, "op") {
            "==" | "in" => is,
            "!=" => is.not(),
            _ => Match::Maybe,
        }
    }

    fn compare(&self, left: &Value, right: &Value, table: &str) -> Match {
        if let Some(list) = self.several(right, table) {
            let each = list.iter().map(|one| self.compare(left, one, table));
            return each.max().unwrap_or(Match::No);
        }
        if right.as_str().is_some_and(|name| name.starts_with('@')) {
            return Match::Maybe;
        }
        // An element with a time-out or a remark.
        if let Some(inner) = right.pointer("/elem/val") {
            return self.compare(left, inner, table);
        }
        if let Some(state) = left.pointer("/ct/key") {
            return match state.as_str() {
                Some("state") => (right == "new").into(),
                // Where nothing turns packets to other addresses, this one was not turned.
                Some("status") if right == "dnat" && !self.turns_packets() => Match::No,
                _ => Match::Maybe,
            };
        }
        if let Some(key) = left.pointer("/meta/key").and_then(Value::as_str) {
            return self.meta(key, right);
        }
        if let Some(payload) = left.get("payload") {
            return self.payload(payload, right);
        }
        Match::Maybe
    }

    /// A set, written out or named.
    fn several<'v>(&'v self, right: &'v Value, table: &str) -> Option<&'v Vec<Value>> {
        match right {
            Value::Array(list) => Some(list),
            Value::String(name) => self.elements(name, table),
            other => other.get("set").and_then(Value::as_array),
        }
    }

    fn elements(&self, name: &str, table: &str) -> Option<&Vec<Value>> {
        static NONE: Vec<Value> = Vec::new();
        let name = name.strip_prefix('@')?;
        self.items.iter().find_map(|item| {
            let set = item.get("set").or_else(|| item.get("map"))?;
            let is_it = text_of(set, "name") == name && self::table(set) == table;
            is_it.then(|| set["elem"].as_array().unwrap_or(&NONE))
        })
    }

    fn meta(&self, key: &str, right: &Value) -> Match {
        let v4 = self.packet.from.is_ipv4();
        let text = right.as_str().unwrap_or_default();
        match key {
            "iifname" | "iif" => self.packet.comes_over(text),
            "l4proto" => (text == "tcp" || *right == 6).into(),
            "nfproto" => (text == if v4 { "ipv4" } else { "ipv6" }).into(),
            "protocol" => (text == if v4 { "ip" } else { "ip6" }).into(),
            _ => Match::Maybe,
        }
    }

    fn payload(&self, payload: &Value, right: &Value) -> Match {
        let v4 = self.packet.from.is_ipv4();
        match (text_of(payload, "protocol"), text_of(payload, "field")) {
            ("ip", _) if !v4 => Match::No,
            ("ip6", _) if v4 => Match::No,
            ("ip" | "ip6", "saddr") => address(right, self.packet.from),
            ("ip", "protocol") | ("ip6", "nexthdr") => (*right == "tcp" || *right == 6).into(),
            ("tcp" | "th", "dport") => port(right, self.packet.port),
            ("udp" | "icmp" | "icmpv6" | "sctp" | "dccp" | "udplite" | "esp" | "ah", _) => Match::No,
            _ => Match::Maybe,
        }
    }
}

fn act(kind: &str, value: &Value, table: &str) -> Statement {
    let target = || format!("{table} {}", text_of(value, "target"));
    match kind {
        "accept" => Statement::Accept,
        "drop" | "reject" => Statement::Drop,
        "return" => Statement::Return,
        "continue" => Statement::Nothing,
        "jump" => Statement::Jump(target()),
        "goto" => Statement::Goto(target()),
        _ => Statement::Unknown,
    }
}

fn address(right: &Value, from: IpAddr) -> Match {
    if let Some(text) = right.as_str() {
        let address = text.parse::<IpAddr>();
        return address.map_or(Match::Maybe, |address| (address == from).into());
    }
    let parsed = |value: &Value| value.as_str()?.parse::<IpAddr>().ok();
    if let Some(prefix) = right.get("prefix") {
        let length = prefix["len"].as_u64().and_then(|length| u8::try_from(length).ok());
        let parts = parsed(&prefix["addr"]).zip(length);
        let net = parts.and_then(|(address, length)| IpNet::new(address, length).ok());
        return net.map_or(Match::Maybe, |net| net.contains(&from).into());
    }
    match (parsed(&right["range"][0]), parsed(&right["range"][1])) {
        (Some(first), Some(last)) => (first <= from && from <= last).into(),
        _ => Match::Maybe,
    }
}

fn port(right: &Value, port: u16) -> Match {
    let number = |value: &Value| value.as_u64();
    if let Some(one) = number(right) {
        return (one == u64::from(port)).into();
    }
    match (number(&right["range"][0]), number(&right["range"][1])) {
        (Some(first), Some(last)) => (first..=last).contains(&u64::from(port)).into(),
        _ => Match::Maybe,
    }
}
