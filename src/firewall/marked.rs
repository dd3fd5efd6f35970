//! Which of the printed rules of ufw and firewalld are this tool's: exactly what it writes, and nothing like it.

use crate::names::Cidr;

/// The comment of the rules that this tool makes or prints.
pub(crate) const MARK: &str = "stitch-pg";

/// For whom ufw has a marked rule for a port.
pub(crate) fn marked(printed: &str, port: u16) -> Vec<Cidr> {
    let rules = printed.lines().filter_map(|line| line.strip_prefix("@ufw ufw "));
    let mut found: Vec<Cidr> = Vec::new();
    for cidr in rules.filter_map(|rule| of_ufw(rule, port)) {
        if !found.contains(&cidr) {
            found.push(cidr);
        }
    }
    found
}

/// firewalld's rich rules bear no mark. These are the ones that this tool would write for these addresses.
pub(crate) fn rich(printed: &str, allow: &[Cidr], port: u16) -> Vec<(String, Cidr)> {
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
pub(crate) fn rich_rule(cidr: &Cidr, port: u16) -> String {
    let family = if cidr.address().is_ipv4() { "ipv4" } else { "ipv6" };
    format!("rule family=\"{family}\" source address=\"{cidr}\" port port=\"{port}\" protocol=\"tcp\" accept")
}

/// `allow from 3.126.102.29 to any port 22 proto tcp comment 'stitch-pg'`
fn of_ufw(rule: &str, port: u16) -> Option<Cidr> {
    let rest = rule.strip_prefix("prepend ").unwrap_or(rule);
    let (from, rest) = rest.strip_prefix("allow from ")?.split_once(' ')?;
    let wanted = format!("to any port {port} proto tcp comment '{MARK}'");
    (rest == wanted).then(|| from.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ours_to_the_letter() {
        let printed = "@active ufw
@ufw ufw allow from 52.57.235.168 to any port 22 proto tcp comment 'stitch-pg'
@ufw ufw prepend allow from 18.158.16.164 to any port 22 proto tcp comment 'stitch-pg'
@ufw ufw allow from 18.158.16.164 to any port 22 proto tcp comment 'stitch-pg'
@ufw ufw allow from 3.126.102.29 to any port 22 proto tcp
@ufw ufw allow from 3.126.102.29 to any port 5432 proto tcp comment 'stitch-pg'
@ufw ufw deny from 3.126.102.29 to any port 22 proto tcp comment 'stitch-pg'
@rich public rule family=\"ipv4\" source address=\"3.126.102.29/32\" port port=\"22\" protocol=\"tcp\" accept";
        let cidr = |text: &str| text.parse::<Cidr>().unwrap();
        assert_eq!(marked(printed, 22), [cidr("52.57.235.168"), cidr("18.158.16.164")]);
        let allow = [cidr("3.126.102.29"), cidr("52.57.235.168")];
        assert_eq!(rich(printed, &allow, 22), [("public".to_owned(), allow[0])]);
        assert_eq!(rich(printed, &allow, 5432), []);
    }
}
