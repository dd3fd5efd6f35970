//! Which of the printed rules carry this tool's mark: exactly what it writes, letter by letter, and nothing like it.

use serde_json::Value;

use super::{Keeper, Rank, Spot, Tool};
use crate::names::Cidr;

/// What stands in the rules that this tool makes, as their comment or at its beginning.
pub const MARK: &str = "stitch-pg";

/// Every marked rule for a port: who keeps it, and for whom it is.
#[must_use]
pub fn marked(printed: &str, port: u16) -> Vec<(Keeper, Cidr)> {
    let mut found = Vec::new();
    let mut tool = None;
    for line in printed.lines() {
        if let Some(rule) = line.strip_prefix("@ufw ") {
            found.extend(of_ufw(rule, port).map(|cidr| (Keeper::Ufw(Rank::Last), cidr)));
        } else if let Some(mark) = line.strip_prefix('@') {
            tool = Tool::named(mark);
        } else if tool == Some(Tool::Nft) {
            found.extend(of_nft(line, port));
        } else if let (Some(tool), Some(table)) = (tool, line.strip_prefix('*')) {
            found.extend(of_iptables(printed, tool, table, port));
        }
    }
    found
}

/// firewalld's rich rules bear no mark. These are the ones that this tool would write for these addresses.
#[must_use]
pub fn rich(printed: &str, allow: &[Cidr], port: u16) -> Vec<(String, Cidr)> {
    let rules = printed
        .lines()
        .filter_map(|line| line.strip_prefix("@rich ")?.split_once(' '));
    rules
        .filter_map(|(zone, rule)| {
            let cidr = allow.iter().find(|cidr| rich_rule(cidr, port) == rule)?;
            Some((zone.to_owned(), *cidr))
        })
        .collect()
}

/// The rich rule for one network, as firewalld itself writes it.
#[must_use]
pub fn rich_rule(cidr: &Cidr, port: u16) -> String {
    let family = if cidr.address().is_ipv4() { "ipv4" } else { "ipv6" };
    format!("rule family=\"{family}\" source address=\"{cidr}\" port port=\"{port}\" protocol=\"tcp\" accept")
}

/// `ufw allow from 3.126.102.29 to any port 22 proto tcp comment 'stitch-pg'`
fn of_ufw(rule: &str, port: u16) -> Option<Cidr> {
    let rest = rule.strip_prefix("ufw ")?;
    let rest = rest.strip_prefix("prepend ").unwrap_or(rest);
    let (from, rest) = rest.strip_prefix("allow from ")?.split_once(' ')?;
    let wanted = format!("to any port {port} proto tcp comment '{MARK}'");
    (rest == wanted).then(|| from.parse().ok()).flatten()
}

/// A rule in nft's JSON, by its comment.
fn of_nft(json: &str, port: u16) -> Vec<(Keeper, Cidr)> {
    let Ok(list) = serde_json::from_str::<Value>(json) else {
        return Vec::new();
    };
    let rules = list["nftables"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| &entry["rule"]);
    rules
        .filter_map(|rule| {
            let from = rule["comment"]
                .as_str()?
                .strip_prefix(&format!("{MARK}: {port} from "))?;
            let word = |name: &str| rule[name].as_str();
            let chain = format!("{} {} {}", word("family")?, word("table")?, word("chain")?);
            let spot = Spot {
                tool: Tool::Nft,
                chain,
                rule: None,
            };
            Some((Keeper::Nobody(spot), from.parse().ok()?))
        })
        .collect()
}

/// Rules of one table, as `iptables-save` prints them behind `*TABLE`.
fn of_iptables(printed: &str, tool: Tool, table: &str, port: u16) -> Vec<(Keeper, Cidr)> {
    let section = format!("@{}", tool.as_str());
    let lines = printed.lines().skip_while(|line| *line != section);
    let lines = lines.skip_while(|line| line.strip_prefix('*') != Some(table)).skip(1);
    let end = format!(" -p tcp -m tcp --dport {port} -m comment --comment {MARK} -j ACCEPT");
    lines
        .take_while(|line| !line.starts_with(['*', '@']))
        .filter_map(|line| {
            let (chain, from) = line.strip_suffix(&end)?.strip_prefix("-A ")?.split_once(" -s ")?;
            let spot = Spot {
                tool,
                chain: format!("{table} {chain}"),
                rule: None,
            };
            Some((Keeper::Nobody(spot), from.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ours_to_the_letter() {
        let printed = "@nft
{\"nftables\": [{\"rule\": {\"family\": \"inet\", \"table\": \"f\", \"chain\": \"i\", \"handle\": 9, \"comment\": \"stitch-pg: 22 from 3.126.102.29/32\"}}, {\"rule\": {\"family\": \"inet\", \"table\": \"f\", \"chain\": \"i\", \"handle\": 8, \"comment\": \"stitch-pg: 5432 from 3.126.102.29/32\"}}]}
@iptables
*mangle
-A INPUT -s 3.126.102.29/32 -j ACCEPT
COMMIT
*filter
:INPUT DROP [0:0]
-A db -s 18.158.16.164/32 -p tcp -m tcp --dport 22 -m comment --comment stitch-pg -j ACCEPT
-A db -s 18.158.16.164/32 -p tcp -m tcp --dport 22 -m comment --comment stitch-pg -j DROP
-A db -s 18.158.16.164/32 -i e0 -p tcp -m tcp --dport 22 -m comment --comment stitch-pg -j ACCEPT
COMMIT
@active ufw
@ufw ufw allow from 52.57.235.168 to any port 22 proto tcp comment 'stitch-pg'
@ufw ufw allow from 52.57.235.168 to any port 22 proto tcp
@ufw ufw deny from 52.57.235.168 to any port 22 proto tcp comment 'stitch-pg'
@rich public rule family=\"ipv4\" source address=\"3.126.102.29/32\" port port=\"22\" protocol=\"tcp\" accept";
        let at = |tool, chain: &str| {
            let chain = chain.to_owned();
            Keeper::Nobody(Spot {
                tool,
                chain,
                rule: None,
            })
        };
        let cidr = |text: &str| text.parse::<Cidr>().unwrap();
        let wanted = [
            (at(Tool::Nft, "inet f i"), cidr("3.126.102.29")),
            (at(Tool::Iptables, "filter db"), cidr("18.158.16.164")),
            (Keeper::Ufw(Rank::Last), cidr("52.57.235.168")),
        ];
        assert_eq!(marked(printed, 22), wanted);
        let allow = [cidr("3.126.102.29"), cidr("52.57.235.168")];
        assert_eq!(rich(printed, &allow, 22), [("public".to_owned(), allow[0])]);
        assert_eq!(rich(printed, &allow, 5432), []);
    }
}
