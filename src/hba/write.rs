//! Lines for `pg_hba.conf`: names quoted so that the server reads exactly them.

use std::fmt::Write as _;

use super::matching::Encryption;
use super::parse::REGEXES_AND_INCLUDES;
use super::rules::ConnectionKind;
use crate::names::{Cidr, DatabaseName, RoleName};

/// First version that knows `scram-sha-256`.
const SCRAM: u32 = 100_000;

/// The rule that lets one address in, and nothing else. `version` is the server's `server_version_num`, if known.
pub fn new_rule(
    database: &DatabaseName,
    role: &RoleName,
    from: Cidr,
    encryption: Encryption,
    version: Option<u32>,
) -> String {
    let kind = match encryption {
        Encryption::Tls => ConnectionKind::HostSsl,
        Encryption::Plain => ConnectionKind::Host,
    };
    let method = match version {
        Some(version) if version < SCRAM => "md5",
        _ => "scram-sha-256",
    };
    format!(
        "{} {} {} {from} {method}",
        kind.as_str(),
        name(database.as_str(), version),
        name(role.as_str(), version)
    )
}

/// A name in double quotes where it would otherwise be read as something else.
pub(crate) fn quoted(name: &str) -> String {
    let plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$'));
    let keyword = matches!(name, "all" | "sameuser" | "samerole" | "samegroup" | "replication");
    if plain && !keyword && !name.is_empty() {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

fn name(name: &str, version: Option<u32>) -> String {
    // From 16 on a slash in front makes a regular expression, quoted or not; so one is written that matches the name
    // alone.
    let regexes = version.is_none_or(|version| version >= REGEXES_AND_INCLUDES);
    if !(name.starts_with('/') && regexes) {
        return quoted(name);
    }
    let mut pattern = String::from("/^");
    for c in name.chars() {
        if c.is_alphanumeric() || c == '_' {
            pattern.push(c);
        } else {
            let _ = write!(pattern, "\\{c}");
        }
    }
    pattern.push('$');
    quoted(&pattern)
}

#[cfg(test)]
mod tests {
    use super::super::{LoginVerdict, Networks, Origin, Question, evaluate, parse};
    use super::*;

    fn line(database: &str, role: &str, version: u32) -> String {
        let from = "52.23.137.21/32".parse().unwrap();
        let (database, role) = (database.parse().unwrap(), role.parse().unwrap());
        new_rule(&database, &role, from, Encryption::Tls, Some(version))
    }

    #[test]
    fn the_usual_line() {
        assert_eq!(
            line("dw", "stitch", 150_000),
            "hostssl dw stitch 52.23.137.21/32 scram-sha-256"
        );
        assert_eq!(line("dw", "stitch", 90_600), "hostssl dw stitch 52.23.137.21/32 md5");
    }

    #[test]
    fn every_name_is_read_back_as_itself() {
        for name in [
            "all",
            "replication",
            "Stitch DW",
            "a,b",
            "a\"b",
            "#a",
            "+a",
            "@a",
            "a\\",
            "ünï",
            "-",
            "\"",
            "../x",
        ] {
            for version in [150_000, 170_000] {
                let text = line(name, name, version);
                let rules = parse(&text, version);
                let question = Question {
                    origin: Origin::Tcp {
                        from: "52.23.137.21/32".parse().unwrap(),
                        encryption: Encryption::Tls,
                    },
                    database: name,
                    role: name,
                    memberships: &[],
                    networks: Networks::Unknown,
                    regexes: &[],
                };
                let answer = evaluate(&rules, &question);
                assert!(
                    matches!(answer, LoginVerdict { decides: Some(_), .. }),
                    "{text}: {rules:?}"
                );
                let other = Question {
                    database: "other",
                    ..question
                };
                assert_eq!(evaluate(&rules, &other).decides, None, "{text}");
            }
        }
    }

    #[test]
    fn a_leading_slash_becomes_a_pattern_from_16_on() {
        assert!(line("/a.b", "r", 160_000).contains(r#" "/^\/a\.b$" "#));
        assert!(line("/a.b", "r", 150_000).contains(" \"/a.b\" "));
    }
}
