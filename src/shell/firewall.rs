//! Scripts about a host's firewall: its rules as its own tools print them, and openings made and removed with ufw and
//! firewalld, which keep them over a boot. For bare rules there are only commands to be run by hand.

use std::net::IpAddr;

use super::frame::{expanded, framed, quoted, script, spaced, word};
use crate::firewall::{FirewallManager, MARK, Rank, RuleLocation, Tool, rich_rule};
use crate::names::Cidr;
use crate::statement::Statement;

/// A way in, for a few addresses to one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) keeper: FirewallManager,
    pub(crate) from: Vec<Cidr>,
    pub(crate) port: u16,
}

/// Prints the rules, each tool's behind a line with its name; nothing is changed. What could not be read is reported as
/// `@blind` and why. The addresses are those whose way in matters.
pub(crate) fn inspect_firewall(from: &[IpAddr]) -> Statement {
    script(
        "Check the firewall. This changes nothing.",
        &[("addresses", &spaced(from))],
        include_str!("scripts/inspect_firewall.sh"),
    )
}

impl Opening {
    /// Makes the opening; none where no program keeps the rules over a boot.
    pub(crate) fn open(&self) -> Option<Statement> {
        let each: Option<Vec<String>> = self.from.iter().map(|cidr| self.guarded(cidr)).collect();
        let heading = "Allow Stitch. Existing rules do not change.";
        let body = format!("{}{}\n", expanded(". fail"), each?.join("\n"));
        Some(framed(heading, &[], &body))
    }

    /// Takes the rules of [`Opening::open`] out again, and no others.
    pub(crate) fn close(&self) -> Statement {
        let heading = "Remove the rules that allow Stitch. Other rules do not change.";
        framed(heading, &[], &(self.closing().join("\n") + "\n"))
    }

    /// The commands by themselves, to be run by hand.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.from.iter().flat_map(|cidr| self.command(cidr)).collect()
    }

    /// The commands that remove the rules again, to be run by hand.
    pub(crate) fn closing(&self) -> Vec<String> {
        self.from.iter().flat_map(|cidr| self.undo(cidr)).collect()
    }

    fn command(&self, cidr: &Cidr) -> Vec<String> {
        match &self.keeper {
            FirewallManager::Ufw(Rank::Last) => vec![format!("ufw {} comment {MARK}", self.ufw(cidr))],
            FirewallManager::Ufw(Rank::First) => vec![format!("ufw prepend {} comment {MARK}", self.ufw(cidr))],
            FirewallManager::Firewalld(zone) => self.firewalld("add", zone, cidr),
            FirewallManager::Nobody(spot) if spot.tool == Tool::Nft => vec![self.nft(cidr, spot)],
            FirewallManager::Nobody(spot) => vec![self.iptables(cidr, spot)],
        }
    }

    /// The commands, with a guard: an administrator's rule must not be taken for ours.
    fn guarded(&self, cidr: &Cidr) -> Option<String> {
        let commands = self.command(cidr).join("\n");
        Some(match &self.keeper {
            FirewallManager::Ufw(_) => format!(
                // To add it once more would put our mark on an administrator's rule.
                "case $(ufw show added) in *{}*) fail \"ufw already has the rule for {cidr}, but an earlier rule overrides it\" ;; esac\n{commands}",
                word(&format!(
                    "allow from {} to any port {} proto tcp",
                    Self::without_length(cidr),
                    self.port
                ))
            ),
            FirewallManager::Firewalld(zone) => format!(
                "if firewall-cmd --permanent --zone={} --query-rich-rule={} >/dev/null; then\n    fail \"firewalld has saved the rule for {cidr} but not loaded it; run firewall-cmd --reload\"\nfi\n{commands}",
                word(zone),
                self.rich(cidr)
            ),
            FirewallManager::Nobody(_) => return None,
        })
    }

    fn undo(&self, cidr: &Cidr) -> Vec<String> {
        match &self.keeper {
            FirewallManager::Ufw(_) => vec![format!("ufw delete {}", self.ufw(cidr))],
            FirewallManager::Firewalld(zone) => self.firewalld("remove", zone, cidr),
            FirewallManager::Nobody(_) => Vec::new(),
        }
    }

    /// ufw and nft show a single address without its length.
    fn without_length(cidr: &Cidr) -> String {
        let text = cidr.to_string();
        let single = if cidr.address().is_ipv4() { "/32" } else { "/128" };
        text.strip_suffix(single).map(str::to_owned).unwrap_or(text)
    }

    fn ufw(&self, cidr: &Cidr) -> String {
        format!("allow proto tcp from {cidr} to any port {}", self.port)
    }

    /// For the next boot, and for now.
    fn firewalld(&self, verb: &str, zone: &str, cidr: &Cidr) -> Vec<String> {
        let (zone, rule) = (word(zone), self.rich(cidr));
        ["--permanent ", ""]
            .map(|when| format!("firewall-cmd {when}--zone={zone} --{verb}-rich-rule={rule}"))
            .into()
    }

    fn rich(&self, cidr: &Cidr) -> String {
        word(&rich_rule(cidr, self.port))
    }

    fn nft(&self, cidr: &Cidr, spot: &RuleLocation) -> String {
        let chain = words(&spot.chain);
        let place = match spot.rule {
            Some(handle) => format!("insert rule {chain} position {handle}"),
            None => format!("add rule {chain}"),
        };
        let family = if cidr.address().is_ipv4() { "ip" } else { "ip6" };
        let mark = format!("\"{MARK}\"");
        let rule =
            |from: &str, mark: &str| format!("{family} saddr {from} tcp dport {} accept comment {mark}", self.port);
        // The same rule from before goes: it is there once, and at this place.
        let listed = rule(&Self::without_length(cidr), &mark).replace('.', "[.]");
        let delete = format!("s|^[[:space:]]*{listed} # handle |delete rule {} handle |p", spot.chain);
        let (delete, added) = (quoted(&delete), rule(&cidr.to_string(), &word(&mark)));
        format!("nft -nna list chain {chain} | sed -n {delete} | nft -f - && nft {place} {added}")
    }

    fn iptables(&self, cidr: &Cidr, spot: &RuleLocation) -> String {
        let (table, chain) = spot.chain.split_once(' ').unwrap_or_default();
        let (tool, table, chain) = (spot.tool.as_str(), word(table), word(chain));
        let place = match spot.rule {
            Some(number) => format!("-I {chain} {number}"),
            None => format!("-A {chain}"),
        };
        let rule = format!(
            "-s {cidr} -p tcp -m tcp --dport {} -m comment --comment {MARK} -j ACCEPT",
            self.port
        );
        // The same rule from before goes: it is there once, and at this place.
        format!("{tool} -w -t {table} -D {chain} {rule} 2>/dev/null || :; {tool} -w -t {table} {place} {rule}")
    }
}

fn words(chain: &str) -> String {
    chain.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
