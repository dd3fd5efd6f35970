//! What a rule means for Stitch, which logs in with a name and a password and has no client certificate.

use std::fmt;

use super::rules::{Name, Rule};
use super::write::quoted;

/// What a rule means for Stitch's login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The password is proved without being sent: `scram-sha-256`; also `md5`, which does the same as soon as the
    /// stored password is a SCRAM verifier.
    Proved,
    /// The password is sent as it is.
    Sent,
    /// No password is asked for: any client at that address gets in.
    Open,
    /// No client gets in.
    Refused,
    /// A client certificate is asked for.
    Certificate,
    /// The password is asked for, and checked by something outside PostgreSQL.
    Outside,
    /// Something Stitch cannot do.
    Impossible,
}

impl Rule {
    /// What the rule means for Stitch's login.
    pub fn meaning(&self) -> Meaning {
        match self.method.as_str() {
            "reject" => Meaning::Refused,
            _ if self.wants_certificate() => Meaning::Certificate,
            "scram-sha-256" | "md5" => Meaning::Proved,
            "password" => Meaning::Sent,
            "trust" => Meaning::Open,
            "ldap" | "radius" | "pam" | "bsd" => Meaning::Outside,
            _ => Meaning::Impossible,
        }
    }

    fn wants_certificate(&self) -> bool {
        // Up to PostgreSQL 13 the option could also be switched off: `0` or `no-verify`.
        let asked_for = |option: &String| {
            let value = option.strip_prefix("clientcert=");
            value.is_some_and(|value| !matches!(value, "0" | "no-verify"))
        };
        self.method == "cert" || self.options.iter().any(asked_for)
    }
}

impl fmt::Display for Rule {
    /// The rule as a line of `pg_hba.conf`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[Name]| names.iter().map(Name::to_string).collect::<Vec<_>>().join(",");
        let (databases, roles) = (list(&self.databases), list(&self.roles));
        write!(f, "{} {databases} {roles}", self.kind.as_str())?;
        if let Some(address) = &self.address {
            write!(f, " {address}")?;
        }
        write!(f, " {}", self.method)?;
        // Options can hold an LDAP password; only those that decide something here are shown.
        for option in self.options.iter().filter(|option| option.starts_with("clientcert=")) {
            write!(f, " {option}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::SameUser => f.write_str("sameuser"),
            Self::SameRole => f.write_str("samerole"),
            Self::Replication => f.write_str("replication"),
            Self::Member(role) => write!(f, "+{role}"),
            Self::Regex(pattern) => write!(f, "/{pattern}"),
            Self::File(file) => write!(f, "@{file}"),
            Self::Exact(name) => f.write_str(&quoted(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Content, parse};
    use super::*;

    fn meaning(line: &str) -> Meaning {
        match &parse(line, 130_000).0[0].content {
            Content::Rule(rule) => rule.meaning(),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn methods() {
        for (method, is) in [
            ("scram-sha-256", Meaning::Proved),
            ("md5", Meaning::Proved),
            ("password", Meaning::Sent),
            ("trust", Meaning::Open),
            ("reject", Meaning::Refused),
            ("cert", Meaning::Certificate),
            ("md5 clientcert=1", Meaning::Certificate),
            ("trust clientcert=verify-full", Meaning::Certificate),
            ("md5 clientcert=0", Meaning::Proved),
            ("md5 clientcert=no-verify", Meaning::Proved),
            ("reject clientcert=verify-ca", Meaning::Refused),
            ("ldap ldapserver=x", Meaning::Outside),
            ("radius radiusservers=x", Meaning::Outside),
            ("pam", Meaning::Outside),
            ("ident", Meaning::Impossible),
            ("gss", Meaning::Impossible),
        ] {
            assert_eq!(meaning(&format!("hostssl all all all {method}")), is, "{method}");
        }
        assert_eq!(meaning("local all all peer"), Meaning::Impossible);
    }

    #[test]
    fn secrets_in_options_are_not_shown() {
        let rules = parse("host a \"b c\",+d 10.0.0.0/8 ldap ldapbindpasswd=hush", 150_000);
        let found = rules.rules().next().unwrap();
        assert_eq!(found.rule.to_string(), "host a \"b c\",+d 10.0.0.0/8 ldap");
    }
}
