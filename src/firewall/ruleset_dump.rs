//! What the script of `shell::inspect_firewall` printed, taken apart and asked.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::filter::{Evaluation, Filter, Packet, RuleLocation, Tool, Verdict};
use super::{iptables, nft};

/// The rules of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesetDump {
    rules: Vec<(Tool, String)>,
    blind: Vec<String>,
    /// By which interface packets from an address come.
    ways: BTreeMap<String, String>,
    ufw: bool,
    /// firewalld's zone for each interface that packets come by.
    zones: BTreeMap<String, String>,
}

/// The tool that keeps the rules. A new rule must be added with it, and then survives the next boot. `--manage firewall` adds rules
/// only with such a tool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FirewallManager {
    /// ufw, which is switched on.
    Ufw(Rank),
    /// firewalld, which runs; with the zone that such packets come into.
    Firewalld(String),
    /// No tool that is known: a new rule is added where the decision is made, and is gone after the next boot.
    Nobody(RuleLocation),
}

impl FirewallManager {
    /// The name of the tool with which a rule is added.
    pub(crate) fn tool(&self) -> &'static str {
        match self {
            Self::Ufw(_) => "ufw",
            Self::Firewalld(_) => "firewalld",
            Self::Nobody(spot) => spot.tool.as_str(),
        }
    }
}

/// Where ufw has to put a rule so that it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Behind the others.
    Last,
    /// Before the one of ufw's own that decides now.
    First,
}

impl RulesetDump {
    /// Takes the output apart.
    pub fn read(text: &str) -> Self {
        let mut printed = Self::default();
        let mut of_rules = false;
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["@blind", ..] => printed.blind.push(line["@blind".len()..].trim().to_owned()),
                // What only `marked` reads.
                ["@ufw" | "@rich", ..] => of_rules = false,
                ["@active", "ufw"] => printed.ufw = true,
                ["@zone", interface, zone] => {
                    printed.zones.insert(interface.to_owned(), zone.to_owned());
                }
                ["@way", address, interface] => {
                    printed.ways.insert(address.to_owned(), interface.to_owned());
                }
                _ => {
                    if let Some(tool) = line.strip_prefix('@').and_then(Tool::named) {
                        printed.rules.push((tool, String::new()));
                        of_rules = true;
                    } else if let Some((_, text)) = printed.rules.last_mut().filter(|_| of_rules) {
                        text.extend([line, "\n"]);
                    }
                }
            }
        }
        printed
    }

    /// Whether neither rules were read, nor a reason why they cannot be.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.blind.is_empty()
    }

    /// The tool with which a rule must be added that changes what `at` decided about packets from that address.
    pub(crate) fn keeper(&self, from: IpAddr, at: &RuleLocation) -> FirewallManager {
        let zone = self.ways.get(&from.to_string()).and_then(|way| self.zones.get(way));
        let chain = at.chain.as_str();
        if let Some(zone) = zone.filter(|_| at.tool == Tool::Nft && chain.contains(" firewalld ")) {
            return FirewallManager::Firewalld(zone.clone());
        }
        // ufw's own chains, and the policy behind them.
        let of_ufw = chain.contains(" ufw") || (chain == "filter INPUT" && at.rule.is_none());
        if self.ufw && at.tool != Tool::Nft && of_ufw {
            let user = chain.ends_with("-user-input");
            return FirewallManager::Ufw(if user { Rank::First } else { Rank::Last });
        }
        FirewallManager::Nobody(at.clone())
    }

    /// What becomes of the first packet of a connection from that address to that port: it must get through all rules.
    pub fn answer(&self, from: IpAddr, port: u16) -> Evaluation {
        self.answer_over(from, port, from)
    }

    /// Whether a rule also lets in addresses that no rule allows by name, where they come the way of `like`. A machine without
    /// rules is not meant: there is no rule to remove.
    pub(crate) fn is_open_to_everybody(&self, like: IpAddr, port: u16) -> bool {
        let accepted = |from: &IpAddr| {
            let answer = self.answer_over(*from, port, like);
            answer.fate == Verdict::Accepted && answer.at.is_some_and(|at| at.rule.is_some())
        };
        STRANGERS.iter().all(accepted)
    }

    fn answer_over(&self, from: IpAddr, port: u16, like: IpAddr) -> Evaluation {
        let over = self.ways.get(&like.to_string()).map(String::as_str);
        let packet = Packet { from, port, over };
        let unknown = |why: &str| Evaluation {
            fate: Verdict::Unknown,
            by: Some(why.to_owned()),
            at: None,
        };
        let told = self.rules.iter().map(|(tool, text)| match tool {
            Tool::Nft => nft::parse(text, packet)
                .as_ref()
                .map_or_else(|| unknown("nft's list, which cannot be read"), Filter::answer),
            tool => iptables::parse(text, *tool, packet).answer(),
        });
        let blind = self.blind.iter().map(|why| unknown(why));
        let mut all: Vec<Evaluation> = told.chain(blind).collect();
        // A packet that one ruleset drops is dropped, whatever another ruleset allows. Of two equal verdicts the one that names a
        // rule comes first.
        all.sort_by_key(|answer| (rank(answer.fate), answer.by.is_none()));
        let first = all.into_iter().next();
        first.unwrap_or_else(|| unknown("neither nft nor iptables-save is installed to show the rules"))
    }
}

/// Two addresses of the internet that have nothing to do with Stitch, nor with each other: well-known public resolvers.
const STRANGERS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)),
    IpAddr::V4(Ipv4Addr::new(149, 112, 112, 112)),
];

fn rank(fate: Verdict) -> u8 {
    match fate {
        Verdict::Dropped => 0,
        Verdict::Unknown => 1,
        Verdict::Accepted => 2,
    }
}
