//! Every parser of text that others wrote: the fuzzer's targets and the unit tests hand them anything. They must come back;
//! what has a writer must be read again as it was. A module of the crate in tests and with the feature `fuzz` only, since the
//! parsers are private.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use crate::hba::{self, Files};
use crate::names::{Cidr, DatabaseName, HostName, LinuxUser, Port, RoleName, SchemaName};
use crate::public_key::PublicKey;
use crate::secret::Secret;
use crate::settings::file;
use crate::settings::pgpass::{self, PgpassKey};
use crate::settings::url::{self, Passwords};
use crate::settings::{Problems, Source, service};
use crate::steps::registration::destination::{Destination, DestinationType};
use crate::steps::ssh_user::facts::Facts;
use crate::world::known_hosts::{KnownHosts, Name};
use crate::{firewall, password, pattern, provider, shell, sql, visible};

#[cfg(test)]
#[path = "anything.rs"]
mod anything;

/// A parser: its name, which is that of its corpus, and what hands it a text. It panics where a property does not hold.
pub type Parser = (&'static str, fn(&str));

/// All of them.
pub const PARSERS: [Parser; 14] = [
    ("public_key", public_key),
    ("hba", rules),
    ("url", a_url),
    ("service", a_service),
    ("pgpass", password_line),
    ("settings", settings_file),
    ("known_hosts", known_hosts),
    ("firewall", firewall_listing),
    ("provider", provider_list),
    ("api", api_answer),
    ("host", host_facts),
    ("names", names),
    ("verifier", verifier),
    ("quoting", quoting),
];

/// Servers before regular expressions in rules, and after.
const VERSIONS: [u32; 2] = [130_000, 160_000];

fn public_key(text: &str) {
    if let Ok(key) = text.parse::<PublicKey>() {
        let line = key.line();
        let again: PublicKey = line.parse().expect("what is written can be read");
        assert_eq!((again.line(), again.fingerprint()), (line, key.fingerprint()));
    }
}

fn rules(text: &str) {
    for version in VERSIONS {
        let _ = hba::parse(text, version).broken().count();
        let _ = Files::new("/etc/pg_hba.conf", text.to_owned()).read(version);
    }
    // A line of ours is one rule, whatever the names in it are.
    let (name, role) = text.split_at(
        (0..=text.len() / 2)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or_default(),
    );
    if let (Ok(database), Ok(role)) = (name.parse::<DatabaseName>(), role.parse::<RoleName>()) {
        let from: Cidr = "52.23.137.21/32".parse().expect("an address");
        for version in VERSIONS {
            for encryption in [hba::Encryption::Tls, hba::Encryption::Plain] {
                let line = hba::new_rule(&database, &role, from, encryption, Some(version));
                let rules = hba::parse(&line, version);
                assert_eq!((rules.rules().count(), rules.broken().count()), (1, 0), "{line}");
            }
        }
    }
}

fn a_url(text: &str) {
    for passwords in [Passwords::Kept, Passwords::Refused] {
        let _ = url::parse(text, &Source::Flag("--url"), passwords);
    }
}

fn a_service(text: &str) {
    let mut problems = Problems::default();
    let by = Source::Environment("PGSERVICE");
    let _ = service::find(text, "stitch", Path::new("pg_service.conf"), &by, &mut problems);
    let _ = problems.to_string();
}

fn password_line(text: &str) {
    let wanted = |host| PgpassKey {
        host,
        port: 5432,
        database: "stitch",
        user: "admin",
    };
    let _ = pgpass::find(text, &wanted("db.example.com"));
    // A line as libpq's documentation wants it written is found, whatever the password is.
    if !text.is_empty() && !text.contains(['\n', '\r', '\0']) {
        let escaped = text.replace('\\', "\\\\").replace(':', "\\:");
        let found = pgpass::find(&format!("db:5432:*:admin:{escaped}"), &wanted("db"));
        assert_eq!(found.as_ref().map(Secret::reveal), Some(text));
    }
}

fn settings_file(text: &str) {
    let mut problems = Problems::default();
    let _ = file::parse(text, Path::new("stitch-pg.toml"), &mut problems);
    let _ = problems.to_string();
}

fn known_hosts(text: &str) {
    let mut known = KnownHosts::default();
    known.add("known_hosts", text);
    let name = Name::new("bastion.example.com", Port::SSH);
    let _ = known.kinds(&name);
    let _ = known.judge(&name, "ssh-ed25519", b"key");
    let (pattern, host) = text.split_once(' ').unwrap_or((text, text));
    let _ = pattern::list_matches(pattern.split(','), host);
}

fn firewall_listing(text: &str) {
    for text in [text.to_owned(), format!("@nft\n{text}"), format!("@iptables\n{text}")] {
        let printed = firewall::RulesetDump::read(&text);
        let _ = printed.answer(IpAddr::V4(Ipv4Addr::new(52, 23, 137, 21)), 5432);
        let _ = printed.answer("2001:db8::1".parse().expect("an address"), 22);
    }
}

fn provider_list(text: &str) {
    let _ = provider::read_list::parse(text);
}

fn api_answer(text: &str) {
    if let Ok(answer) = serde_json::from_str(text) {
        destinations(&answer);
        destinations(&serde_json::Value::Array(vec![answer]));
    }
}

fn destinations(answer: &serde_json::Value) {
    for destination in Destination::list(answer) {
        let _ = (destination.described(), destination.form());
    }
    let kind = DestinationType::read(answer.clone());
    let _ = (
        kind.access(),
        kind.tier(),
        kind.value("ssl", "true"),
        kind.others_required(&["host"]),
    );
}

fn host_facts(text: &str) {
    let _ = Facts::parse(text);
}

fn names(text: &str) {
    let same = |read: Option<String>| assert!(read.is_none_or(|read| read == text));
    same(text.parse().ok().map(|name: DatabaseName| name.to_string()));
    same(text.parse().ok().map(|name: RoleName| name.to_string()));
    same(text.parse().ok().map(|name: SchemaName| name.to_string()));
    same(text.parse().ok().map(|name: HostName| name.to_string()));
    same(text.parse().ok().map(|name: LinuxUser| name.to_string()));
    let _ = text.parse::<Port>();
    if let Ok(cidr) = text.parse::<Cidr>() {
        assert_eq!(cidr.to_string().parse::<Cidr>().ok(), Some(cidr));
    }
}

fn verifier(text: &str) {
    // A test has no time for many rounds; more than any are refused.
    let rounds = text.split([':', '$']).filter_map(|part| part.parse::<u64>().ok());
    if !(4097..=u64::from(password::MOST_ITERATIONS)).contains(&rounds.max().unwrap_or_default()) {
        let _ = password::check(text, "stitch", &Secret::new("secret".to_owned()));
    }
}

fn quoting(text: &str) {
    let shown = visible::text(text);
    assert_eq!(visible::text(&shown), shown);
    let log = visible::unobeyed(&shown);
    assert_eq!(visible::unobeyed(&log), log);
    let statement = format!("{} {}", sql::identifier(text), sql::literal(text));
    assert_eq!(visible::text(&statement), statement);
    let names = format!("{} {}", sql::identifier(text), sql::name(text));
    assert!(!names.contains('\n') && visible::unobeyed(&names) == names, "{names}");
    let word = shell::word(text);
    assert!(word == text || (word.starts_with('\'') && word.ends_with('\'')));
}
