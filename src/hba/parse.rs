//! One line of a `pg_hba.conf` read into a rule. What it says of other files is followed in [`super::files`].

use std::net::IpAddr;

use super::address;
use super::files::Files;
use super::lexer::{Quoting, Word};
use super::rules::{Address, ConnectionKind, Content, METHODS, Name, Rule, Rules};

/// First version with `/regex` in names and with `include` lines.
pub(super) const REGEXES_AND_INCLUDES: u32 = 160_000;

/// Reads the text of a file by itself. `version` is the server's `server_version_num`, for the syntax has grown.
pub fn parse(text: &str, version: u32) -> Rules {
    Files::new("", text.to_owned()).read(version).0
}

/// The word by which a line has others read in its place, and the name of what is read.
pub(super) fn follow(fields: &[Vec<Word>], version: u32) -> Option<(&str, &str)> {
    let [first, second] = fields else { return None };
    let word = first[0].text.as_str();
    let follows = version >= REGEXES_AND_INCLUDES && matches!(word, "include" | "include_if_exists" | "include_dir");
    follows.then_some((word, &second[0].text))
}

/// A line that includes nothing.
pub(super) fn content(fields: &[Vec<Word>], version: u32) -> Content {
    match rule(fields, version) {
        Ok(rule) => Content::Rule(rule),
        Err(why) => Content::Broken(why),
    }
}

fn rule(fields: &[Vec<Word>], version: u32) -> Result<Rule, String> {
    let mut fields = fields.iter();
    let first = single(fields.next(), "connection type")?;
    let kind = kind(&first.text).ok_or_else(|| format!("invalid connection type \"{}\"", first.text))?;
    let databases = list(fields.next(), "database")?.iter();
    let roles = list(fields.next(), "role")?.iter();
    let address = match kind {
        ConnectionKind::Local => None,
        _ => Some(host_address(&mut fields)?),
    };
    let method = method(kind, &single(fields.next(), "authentication method")?.text)?;
    let options: Vec<String> = fields.flatten().map(|word| word.text.clone()).collect();
    if let Some(odd) = options.iter().find(|option| !option.contains('=')) {
        return Err(format!("authentication option not in name=value format: {odd}"));
    }
    Ok(Rule {
        kind,
        databases: databases.map(|word| word.database(version)).collect(),
        roles: roles.map(|word| word.role(version)).collect(),
        address,
        method,
        options,
    })
}

fn list<'a>(field: Option<&'a Vec<Word>>, what: &str) -> Result<&'a [Word], String> {
    let words = field.map(Vec::as_slice);
    words.ok_or_else(|| format!("end-of-line before {what} specification"))
}

fn single<'a>(field: Option<&'a Vec<Word>>, what: &str) -> Result<&'a Word, String> {
    match list(field, what)? {
        [word] => Ok(word),
        _ => Err(format!("multiple values specified for {what}")),
    }
}

fn host_address<'a>(fields: &mut impl Iterator<Item = &'a Vec<Word>>) -> Result<Address, String> {
    let word = single(fields.next(), "host address")?;
    let text = word.text.as_str();
    if let Some(keyword) = Address::keyword(text).filter(|_| word.quoting == Quoting::Bare) {
        return Ok(keyword);
    }
    let (host, prefix) = text
        .split_once('/')
        .map_or((text, None), |(host, prefix)| (host, Some(prefix)));
    let Some(address) = address::numeric(host) else {
        return match prefix {
            None => Ok(Address::Name(host.to_owned())),
            Some(_) => Err(format!(
                "specifying both host name and CIDR mask is invalid: \"{text}\""
            )),
        };
    };
    let mask = match prefix {
        Some(prefix) => {
            address::mask(prefix, address).ok_or_else(|| format!("invalid CIDR mask in address \"{text}\""))?
        }
        None => netmask(fields.next(), address)?,
    };
    Ok(Address::Net { address, mask })
}

fn netmask(field: Option<&Vec<Word>>, address: IpAddr) -> Result<IpAddr, String> {
    let word = single(field, "netmask")?;
    let mask = address::numeric(&word.text).ok_or_else(|| format!("invalid IP mask \"{}\"", word.text))?;
    if mask.is_ipv4() == address.is_ipv4() {
        Ok(mask)
    } else {
        Err("IP address and mask do not match".to_owned())
    }
}

fn method(kind: ConnectionKind, word: &str) -> Result<String, String> {
    let method = match (kind, word) {
        // PostgreSQL takes `ident` for `peer` there.
        (ConnectionKind::Local, "ident") => "peer",
        (ConnectionKind::Local, "gss") => {
            return Err("gssapi authentication is not supported on local sockets".to_owned());
        }
        (ConnectionKind::Local, "peer") | (ConnectionKind::HostSsl, "cert") => word,
        (_, "peer") => return Err("peer authentication is only supported on local sockets".to_owned()),
        (_, "cert") => return Err("cert authentication is only supported on hostssl connections".to_owned()),
        _ if METHODS.contains(&word) => word,
        _ => return Err(format!("invalid authentication method \"{word}\"")),
    };
    Ok(method.to_owned())
}

/// The kind of connection that a word stands for.
pub(super) fn kind(word: &str) -> Option<ConnectionKind> {
    ConnectionKind::ALL.into_iter().find(|kind| kind.as_str() == word)
}

impl Word {
    /// As one of the databases of a rule.
    pub(super) fn database(&self, version: u32) -> Name {
        match (self.quoting, self.text.as_str()) {
            (Quoting::Bare, "all") => Name::All,
            (Quoting::Bare, "sameuser") => Name::SameUser,
            (Quoting::Bare, "samerole" | "samegroup") => Name::SameRole,
            (Quoting::Bare, "replication") => Name::Replication,
            _ => self.plain(version),
        }
    }

    /// As one of the roles of a rule.
    pub(super) fn role(&self, version: u32) -> Name {
        match (self.quoting, self.text.as_str(), self.text.strip_prefix('+')) {
            (Quoting::Bare, "all", _) => Name::All,
            (Quoting::Bare, _, Some(group)) => Name::Member(group.to_owned()),
            _ => self.plain(version),
        }
    }

    fn plain(&self, version: u32) -> Name {
        // A slash makes a regular expression even within quotes.
        match (self.text.strip_prefix('/'), self.text.strip_prefix('@')) {
            (Some(regex), _) if version >= REGEXES_AND_INCLUDES => Name::Regex(regex.to_owned()),
            (_, Some(file)) if self.quoting == Quoting::Bare && !file.is_empty() => Name::File(file.to_owned()),
            _ => Name::Exact(self.text.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str, version: u32) -> Content {
        parse(line, version).0.remove(0).content
    }

    fn rule(line: &str) -> Rule {
        match one(line, 150_000) {
            Content::Rule(rule) => rule,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn broken(line: &str) -> String {
        match one(line, 150_000) {
            Content::Broken(why) => why,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn names_and_their_quotes() {
        let r = rule(r#"local all,"all",sameuser,samegroup,"+x",@f,"@f",/a,replication all,+g,"+g",sameuser peer"#);
        let exact = |text: &str| Name::Exact(text.into());
        assert_eq!(
            r.databases,
            [
                Name::All,
                exact("all"),
                Name::SameUser,
                Name::SameRole,
                exact("+x"),
                Name::File("f".into()),
                exact("@f"),
                exact("/a"),
                Name::Replication
            ]
        );
        assert_eq!(
            r.roles,
            [Name::All, Name::Member("g".into()), exact("+g"), exact("sameuser")]
        );
    }

    #[test]
    fn addresses() {
        let address = |text: &str| rule(&format!("host a b {text} md5")).address.unwrap().to_string();
        assert_eq!(address("10.1.2.3/8"), "10.1.2.3/8");
        assert_eq!(address("10.0.0.0 255.0.0.0"), "10.0.0.0/8");
        assert_eq!(address("10.0.0.0 255.0.255.0"), "10.0.0.0 255.0.255.0");
        assert_eq!(address("127.1/32"), "127.0.0.1/32");
        assert_eq!(address("all"), "all");
        assert_eq!(rule("host a b \"all\" md5").address, Some(Address::Name("all".into())));
        assert_eq!(
            rule("host a b .x.org md5").address,
            Some(Address::Name(".x.org".into()))
        );
        assert_eq!(rule("host a b samenet md5").address, Some(Address::SameNet));
    }

    #[test]
    fn what_the_server_refuses() {
        for (line, why) in [
            ("hots a b all md5", "invalid connection type"),
            ("host,local a b all md5", "multiple values"),
            ("host a", "end-of-line before role"),
            ("host a b 10.0.0.1 md5", "invalid IP mask"),
            ("host a b 10.0.0.1 ::1 md5", "do not match"),
            ("host a b 10.0.0.1/33 md5", "invalid CIDR mask"),
            ("host a b x.org/32 md5", "both host name and CIDR"),
            ("host a b all,all md5", "multiple values"),
            ("host a b all", "end-of-line before authentication method"),
            ("host a b all md6", "invalid authentication method"),
            ("host a b all peer", "only supported on local"),
            ("host a b all cert", "only supported on hostssl"),
            ("local a b gss", "not supported on local"),
            ("host a b all md5 x", "name=value"),
        ] {
            assert!(broken(line).contains(why), "{line}: {}", broken(line));
        }
    }

    #[test]
    fn includes_are_named_from_16_on() {
        assert_eq!(
            one("include x.conf", 160_000),
            Content::Include("include x.conf".into())
        );
        assert!(matches!(one("include x.conf", 150_000), Content::Broken(_)));
        assert!(matches!(one("include", 160_000), Content::Broken(_)));
        assert!(matches!(one("include x y", 160_000), Content::Broken(_)));
    }

    #[test]
    fn a_slash_is_a_regex_from_16_on_even_quoted() {
        let Content::Rule(rule) = one("local \"/^a b$\" all trust", 160_000) else {
            panic!()
        };
        assert_eq!(rule.databases, [Name::Regex("^a b$".into())]);
    }
}
