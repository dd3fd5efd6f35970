//! What `ipset save` prints: the sets that iptables rules name.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Packet, Tri};

/// The sets of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sets(BTreeMap<String, Set>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Set {
    /// `hash:ip`, `hash:net,port`, …
    kind: String,
    entries: Vec<String>,
}

impl Sets {
    /// Takes one line.
    pub(super) fn read(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("create"), Some(name), Some(kind)) => {
                kind.clone_into(&mut self.0.entry(name.to_owned()).or_default().kind);
            }
            (Some("add"), Some(name), Some(_)) => {
                let entry = line.splitn(3, ' ').last().unwrap_or_default();
                self.0
                    .entry(name.to_owned())
                    .or_default()
                    .entries
                    .push(entry.to_owned());
            }
            _ => {}
        }
    }

    /// Whether the packet is in the set, by the directions that a rule names.
    pub(super) fn holds(&self, name: &str, directions: &str, packet: Packet<'_>) -> Tri {
        let Some(set) = self.0.get(name) else { return Tri::Maybe };
        let with_port = match (set.kind.as_str(), directions) {
            ("hash:ip" | "hash:net" | "bitmap:ip", "src") => false,
            ("hash:ip,port" | "hash:net,port", "src,dst") => true,
            _ => return Tri::Maybe,
        };
        let one = |entry: &String| {
            let (what, more) = entry.split_once(' ').unwrap_or((entry, ""));
            // An exception, or something that a counter or a clock decides.
            if more.split(' ').any(|word| word == "nomatch") {
                return Tri::Maybe;
            }
            match (with_port, what.split_once(',')) {
                (false, None) => network(what, packet.from),
                (true, Some((address, port))) => network(address, packet.from).min(is_port(port, packet.port)),
                _ => Tri::Maybe,
            }
        };
        set.entries.iter().map(one).max().unwrap_or(Tri::No)
    }
}

fn network(text: &str, from: IpAddr) -> Tri {
    match (text.parse::<IpNet>(), text.parse::<IpAddr>()) {
        (Ok(net), _) => net.contains(&from).into(),
        (_, Ok(address)) => (address == from).into(),
        _ => Tri::Maybe,
    }
}

/// `tcp:5432`.
fn is_port(text: &str, port: u16) -> Tri {
    match text.split_once(':') {
        Some(("tcp", number)) => number
            .parse::<u16>()
            .map_or(Tri::Maybe, |number| (number == port).into()),
        Some(_) => Tri::No,
        None => Tri::Maybe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_each_kind() {
        let mut sets = Sets::default();
        for line in [
            "create one hash:ip family inet hashsize 1024 maxelem 65536",
            "add one 52.23.137.21 timeout 0",
            "create two hash:net family inet hashsize 1024 maxelem 65536",
            "add two 52.204.0.0/16",
            "add two 52.204.9.0/24 nomatch",
            "create three hash:net,port family inet",
            "add three 52.23.137.0/24,tcp:5432",
            "add three 10.0.0.0/8,udp:5432",
            "create four list:set size 8",
            "create empty hash:ip family inet",
        ] {
            sets.read(line);
        }
        let holds = |name: &str, directions: &str, from: &str| {
            let from = from.parse().unwrap();
            let packet = Packet {
                from,
                port: 5432,
                over: None,
            };
            sets.holds(name, directions, packet)
        };
        assert_eq!(holds("one", "src", "52.23.137.21"), Tri::Yes);
        assert_eq!(holds("one", "src", "52.23.137.22"), Tri::No);
        assert_eq!(holds("one", "dst", "52.23.137.21"), Tri::Maybe);
        assert_eq!(holds("two", "src", "52.99.9.9"), Tri::Maybe);
        assert_eq!(holds("three", "src,dst", "52.23.137.9"), Tri::Yes);
        assert_eq!(holds("three", "src,dst", "10.1.1.1"), Tri::No);
        assert_eq!(holds("four", "src", "52.23.137.21"), Tri::Maybe);
        assert_eq!(holds("none", "src", "52.23.137.21"), Tri::Maybe);
        assert_eq!(holds("empty", "src", "52.23.137.21"), Tri::No);
    }
}
