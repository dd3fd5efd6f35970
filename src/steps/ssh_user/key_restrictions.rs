//! The options that Stitch's line must have: as strict as was chosen, in words that this SSH server knows.

use super::facts::{Facts, SshServerKind};
use super::key_options::{KeyLine, ONCE, opens};
use crate::names::HostName;
use crate::settings::{BastionSettings, KeyOption, Settings};

/// Options that limit the key further. An administrator may have added them, so they are kept when the line is rewritten.
const NARROWING: [&str; 5] = ["from", "permitopen", "permitlisten", "command", "expiry-time"];

/// sshd has no option for "no port". A port that only root may listen on has the same effect. With `permitopen` beside it
/// the key cannot connect to a Unix socket. It can still listen on a new one: no option of a key closes that, only
/// `AllowStreamLocalForwarding` of the server's configuration.
const NOWHERE: &str = "permitlisten=\"localhost:1\"";

/// What was chosen, for this database, these addresses and this server.
#[derive(Clone, Debug)]
pub(super) struct KeyRestrictions {
    pub(super) dialect: SshServerKind,
    /// Values of `permitopen`, the spelling that Stitch will use first; none: anything may be forwarded to.
    targets: Vec<String>,
    /// The values of `from`; none: from anywhere.
    from: Vec<String>,
    /// Whether it may listen on no port: a forwarding back through the SSH server is none to the database.
    listens_nowhere: bool,
    /// What is chosen and this server cannot do.
    pub(super) impossible: Vec<KeyOption>,
    forced: Option<&'static str>,
}

impl KeyRestrictions {
    pub(super) fn new(settings: &Settings, bastion: &BastionSettings, facts: &Facts) -> Self {
        let options = bastion.key_options.iter();
        let (chosen, impossible): (Vec<KeyOption>, Vec<KeyOption>) =
            options.partition(|option| facts.server.knows(**option));
        let has = |option| chosen.contains(&option);
        let stitch = &settings.stitch;
        let (mut targets, mut from) = (Vec::new(), Vec::new());
        if has(KeyOption::PermitOpen) {
            let hosts = spellings(&stitch.host, &facts.database_addresses);
            targets.extend(hosts.iter().map(|host| target(host, stitch.port.number())));
        }
        if has(KeyOption::From) {
            from.extend(stitch.allow.iter().map(|cidr| source(cidr.net())));
        }
        Self {
            dialect: facts.server.kind,
            targets,
            from,
            listens_nowhere: has(KeyOption::PermitOpen) && facts.server.knows_permitlisten(),
            impossible,
            forced: has(KeyOption::NoCommand).then_some("false"),
        }
    }

    /// The options as they are written; what narrowed the line before stays.
    pub(super) fn text(&self, before: Option<&KeyLine<'_>>) -> String {
        let mut words = vec![self.dialect.base_options().to_owned()];
        words.extend(self.targets.iter().map(|target| format!("permitopen=\"{target}\"")));
        if self.listens_nowhere {
            words.push(NOWHERE.to_owned());
        }
        if !self.from.is_empty() {
            words.push(format!("from=\"{}\"", self.from.join(",")));
        }
        words.extend(self.forced.map(|command| format!("command=\"{command}\"")));
        for option in before.map(|line| line.options.as_slice()).unwrap_or_default() {
            let Some((name, _)) = option.split_once('=') else {
                continue;
            };
            let name = name.to_ascii_lowercase();
            let is_set = |word: &String| word.split_once('=').is_some_and(|(set, _)| set == name);
            let chosen = [
                ("permitopen", !self.targets.is_empty()),
                ("permitlisten", self.listens_nowhere),
                ("from", !self.from.is_empty()),
            ];
            let is_chosen =
                chosen.contains(&(name.as_str(), true)) || (ONCE.contains(&name.as_str()) && words.iter().any(is_set));
            if NARROWING.contains(&name.as_str()) && !is_chosen {
                words.push((*option).to_owned());
            }
        }
        words.join(",")
    }

    /// Whether a line is at least as tight as was chosen.
    pub(super) fn is_met_by(&self, line: &KeyLine<'_>) -> bool {
        line.is_tight(self.dialect)
            && self.targets_are_met(&line.values("permitopen"))
            && self.sources_are_met(&line.values("from"))
            && (!self.listens_nowhere || listens_nowhere(&line.values("permitlisten")))
            && (self.forced.is_none() || !line.values("command").is_empty())
    }

    /// For "… Stitch's key, to forward connections": what it may do, in words.
    pub(super) fn purpose(&self) -> String {
        let mut text = match self.targets.first() {
            Some(target) => format!("to forward to {target}"),
            None => "to forward connections".to_owned(),
        };
        if !self.from.is_empty() {
            text.push_str(", from Stitch's addresses");
        }
        text.push_str(", with no further rights");
        text
    }

    /// Stitch's own spelling is there, and nothing but spellings of the database. A name's address may change, so an
    /// address that it does not have any more is no reason to write the file again.
    fn targets_are_met(&self, there: &[&str]) -> bool {
        let Some((first, port)) = self.targets.first().and_then(|target| target.rsplit_once(':')) else {
            return true;
        };
        let named = first.parse::<std::net::Ipv4Addr>().is_err() && !first.starts_with('[');
        let fits = |value: &&str| {
            let address = value.rsplit_once(':').is_some_and(|(host, at)| {
                at == port && host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
            });
            self.targets.iter().any(|target| target.eq_ignore_ascii_case(value)) || (named && address)
        };
        let plain = first.trim_matches(['[', ']']);
        let port = port.parse().unwrap_or_default();
        there.iter().any(|value| opens(value, plain, port)) && there.iter().all(fits)
    }

    fn sources_are_met(&self, there: &[&str]) -> bool {
        let there: Vec<&str> = there.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
        self.from.is_empty()
            || (there.len() == self.from.len() && self.from.iter().all(|from| there.contains(&from.as_str())))
    }
}

/// Every port is one that only root may listen on.
fn listens_nowhere(there: &[&str]) -> bool {
    let is_roots = |value: &&str| {
        let port = value.rsplit_once(':').map_or(*value, |(_, port)| port);
        port.parse::<u16>().is_ok_and(|port| port < 1024)
    };
    !there.is_empty() && there.iter().all(is_roots)
}

/// sshd compares names as they are written: it does not look them up.
fn spellings(host: &HostName, addresses: &[String]) -> Vec<String> {
    let name = if host.is_socket() { "localhost" } else { host.as_str() };
    let mut all = vec![name.to_owned()];
    if name.eq_ignore_ascii_case("localhost") {
        all.push("127.0.0.1".to_owned());
    }
    for address in addresses.iter().filter(|_| host.address().is_none()) {
        if !all.contains(address) {
            all.push(address.clone());
        }
    }
    all
}

/// As `permitopen` and `PermitOpen` write it.
pub(super) fn target(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// A network as sshd takes it: a bare address for a single one, and no bits behind the mask.
fn source(net: ipnet::IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() {
        net.addr().to_string()
    } else {
        net.trunc().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(targets: &[&str], from: &[&str], forced: Option<&'static str>) -> KeyRestrictions {
        KeyRestrictions {
            dialect: SshServerKind::OpenSsh,
            targets: targets.iter().map(|text| (*text).to_owned()).collect(),
            from: from.iter().map(|text| (*text).to_owned()).collect(),
            listens_nowhere: false,
            impossible: Vec::new(),
            forced,
        }
    }

    #[test]
    fn the_line_is_written_and_recognised() {
        let all = wanted(
            &["db.example:5432", "10.0.0.3:5432"],
            &["52.23.137.21", "10.0.0.0/8"],
            Some("false"),
        );
        let text = all.text(None);
        assert_eq!(
            text,
            "restrict,port-forwarding,permitopen=\"db.example:5432\",permitopen=\"10.0.0.3:5432\",\
             from=\"52.23.137.21,10.0.0.0/8\",command=\"false\""
        );
        let line = format!("{text} ssh-rsa AAAA");
        assert!(all.is_met_by(&KeyLine::parse(&line)));
        // The database got another address since.
        assert!(wanted(&["db.example:5432", "10.0.0.9:5432"], &[], None).is_met_by(&KeyLine::parse(&line)));
        assert!(!wanted(&["other.example:5432"], &[], None).is_met_by(&KeyLine::parse(&line)));
        assert!(!wanted(&["10.0.0.3:5432"], &[], None).is_met_by(&KeyLine::parse(&line)));
        assert!(!wanted(&[], &["52.23.137.21"], None).is_met_by(&KeyLine::parse(&line)));
        assert!(wanted(&[], &[], None).is_met_by(&KeyLine::parse(&line)));
    }

    #[test]
    fn what_narrowed_the_line_before_stays() {
        let before = KeyLine::parse(r#"from="10.1.2.3",Command="echo a,b",permitopen="x:1",pty ssh-rsa AAAA"#);
        assert_eq!(
            wanted(&["db:5432"], &[], None).text(Some(&before)),
            r#"restrict,port-forwarding,permitopen="db:5432",from="10.1.2.3",Command="echo a,b""#
        );
        assert!(
            wanted(&[], &[], Some("false"))
                .text(Some(&before))
                .ends_with(r#"command="false",from="10.1.2.3",permitopen="x:1""#)
        );
    }

    #[test]
    fn no_port_to_listen_on() {
        let closed = KeyRestrictions {
            listens_nowhere: true,
            ..wanted(&["db:5432"], &[], None)
        };
        let before = KeyLine::parse(r#"permitlisten="8080",restrict ssh-rsa AAAA"#);
        let text = closed.text(Some(&before));
        assert_eq!(
            text,
            r#"restrict,port-forwarding,permitopen="db:5432",permitlisten="localhost:1""#
        );
        let met = |options: &str| closed.is_met_by(&KeyLine::parse(&format!("{options} ssh-rsa AAAA")));
        assert!(met(&text));
        assert!(met(
            r#"restrict,port-forwarding,permitopen="db:5432",permitlisten="22""#
        ));
        for open in [
            "",
            r#",permitlisten="8080""#,
            r#",permitlisten="localhost:1",permitlisten="*:*""#,
        ] {
            assert!(
                !met(&format!(r#"restrict,port-forwarding,permitopen="db:5432"{open}"#)),
                "{open}"
            );
        }
    }

    #[test]
    fn both_spellings_of_a_database() {
        let of = |host: &str, addresses: &[&str]| {
            let addresses: Vec<String> = addresses.iter().map(|text| (*text).to_owned()).collect();
            spellings(&host.parse().unwrap(), &addresses)
        };
        assert_eq!(of("db", &["10.0.0.3"]), ["db", "10.0.0.3"]);
        assert_eq!(of("10.0.0.3", &["10.0.0.3"]), ["10.0.0.3"]);
        assert_eq!(of("/run/postgresql", &[]), ["localhost", "127.0.0.1"]);
        assert_eq!(target("fd77::1", 5432), "[fd77::1]:5432");
        assert_eq!(source("10.1.2.3/8".parse().unwrap()), "10.0.0.0/8");
    }
}
