//! The rules as data: lines, what they hold and where they stand.

use std::fmt;
use std::net::IpAddr;

use crate::word::words;

/// The lines of `pg_hba.conf` that say something, in the order in which the server tries them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(pub Vec<Line>);

impl Rules {
    /// The lines the server cannot read. While there is one, a reload changes nothing and a restart fails.
    pub fn broken(&self) -> impl Iterator<Item = (&Location, &str)> {
        self.0.iter().filter_map(|line| match &line.content {
            Content::Broken(message) => Some((&line.place, message.as_str())),
            _ => None,
        })
    }

    /// These rules, from the server's view, with the quotes that they have in the text of the files. `main` is the path of the
    /// first file.
    #[must_use]
    pub fn with_quotes_of(mut self, text: &Self, main: &str) -> Self {
        let file = |place: &Location| place.file.clone().unwrap_or_else(|| main.to_owned());
        for line in &mut self.0 {
            let Content::Rule(rule) = &mut line.content else {
                continue;
            };
            let is_there =
                |other: &&Line| other.place.number == line.place.number && file(&other.place) == file(&line.place);
            let found = text.0.iter().find(is_there).and_then(|other| match &other.content {
                Content::Rule(written) if written.words() == rule.words() => Some(written),
                _ => None,
            });
            match found {
                Some(written) => {
                    rule.databases.clone_from(&written.databases);
                    rule.roles.clone_from(&written.roles);
                    rule.address.clone_from(&written.address);
                }
                None => line.quotes = Quotes::Lost,
            }
        }
        self
    }

    /// The rules proper.
    pub fn rules(&self) -> impl Iterator<Item = LocatedRule<'_>> {
        self.0.iter().filter_map(|line| match &line.content {
            Content::Rule(rule) => Some(LocatedRule {
                place: &line.place,
                rule,
            }),
            _ => None,
        })
    }
}

/// A rule and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocatedRule<'a> {
    /// File and line of the rule.
    pub place: &'a Location,
    /// The rule as it was parsed.
    pub rule: &'a Rule,
}

impl LocatedRule<'_> {
    /// Where it is, and what it says.
    pub(crate) fn within(&self, main: &str) -> String {
        format!("{} (`{}`)", self.place.within(main), self.rule)
    }
}

/// One line and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// File and line of the entry.
    pub place: Location,
    /// The rule, or what is wrong with the line.
    pub content: Content,
    /// Whether its quotes were seen.
    pub quotes: Quotes,
}

/// Whether the quotes of a line were seen: in quotes `all` and its like are plain names, and the server's view drops them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quotes {
    /// The quotes are known, so names and keywords can be distinguished.
    #[default]
    Seen,
    /// What is taken for a keyword may be a name.
    Lost,
}

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file, when the source says it: the view does from PostgreSQL 16 on.
    pub file: Option<String>,
    /// The number of its first line.
    pub number: u32,
}

impl Location {
    /// Where, for people, when the main file is at `main`.
    pub(crate) fn within(&self, main: &str) -> String {
        format!("line {} of {}", self.number, self.file.as_deref().unwrap_or(main))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.within("pg_hba.conf"))
    }
}

/// What a line holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A line that PostgreSQL takes as a rule.
    Rule(Rule),
    /// Something the server cannot read, in its words or ours.
    Broken(String),
    /// `include`, `include_if_exists` or `include_dir` with its argument, not followed.
    Include(String),
}

/// One rule of `pg_hba.conf` (PostgreSQL documentation, 20.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its first word.
    pub kind: ConnectionKind,
    /// The databases it is for.
    pub databases: Vec<Name>,
    /// The roles it is for.
    pub roles: Vec<Name>,
    /// The clients it is for; none for `local`.
    pub address: Option<Address>,
    /// What it asks of them.
    pub method: String,
    /// `name=value` words behind the method.
    pub options: Vec<String>,
}

impl Rule {
    /// Its words, without their quotes.
    fn words(&self) -> (ConnectionKind, Vec<String>, Vec<String>, Option<String>) {
        let words = |names: &[Name]| names.iter().map(Name::word).collect();
        let address = self.address.as_ref().map(|address| match address {
            Address::Name(name) => name.clone(),
            other => other.to_string(),
        });
        (self.kind, words(&self.databases), words(&self.roles), address)
    }
}

impl Name {
    /// The word without its quotes.
    fn word(&self) -> String {
        match self {
            Self::Exact(name) if name == "samegroup" => "samerole".to_owned(),
            Self::Exact(name) => name.clone(),
            other => other.to_string(),
        }
    }

    /// The word, where it is one that quotes would make a plain name.
    pub(super) fn keyword(&self) -> Option<String> {
        match self {
            Self::Exact(_) | Self::Regex(_) | Self::File(_) => None,
            keyword => Some(keyword.to_string()),
        }
    }
}

words! {
    /// The kinds of connection a rule is for.
    pub enum ConnectionKind {
        /// Unix socket.
        Local = "local",
        /// TCP, encrypted or not.
        Host = "host",
        /// TCP with TLS.
        HostSsl = "hostssl",
        /// TCP without TLS.
        HostNoSsl = "hostnossl",
        /// TCP with GSSAPI encryption.
        HostGssEnc = "hostgssenc",
        /// TCP without GSSAPI encryption.
        HostNoGssEnc = "hostnogssenc",
    }
}

/// One name in the list of databases or of roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// `all`.
    All,
    /// `sameuser`: the database called as the role.
    SameUser,
    /// `samerole`: the database called as a role that this one is a member of.
    SameRole,
    /// `replication`: physical replication only, never a login to a database.
    Replication,
    /// `+role`: its members, and itself.
    Member(String),
    /// `/regex`, from PostgreSQL 16 on; without the slash.
    Regex(String),
    /// Exactly this one.
    Exact(String),
    /// `@file`: names in another file, not read.
    File(String),
}

/// The clients a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `all`: IPv4 and IPv6.
    All,
    /// `samehost`: the server's own addresses.
    SameHost,
    /// `samenet`: the networks the server is in.
    SameNet,
    /// A network; any mask, also one with holes.
    Net {
        /// The address as written, bits behind the mask included.
        address: IpAddr,
        /// The mask, of the same family.
        mask: IpAddr,
    },
    /// A host name, or `.suffix` of host names.
    Name(String),
}

impl Address {
    /// What a word means that is neither a name nor a network.
    pub(super) fn keyword(word: &str) -> Option<Self> {
        [Self::All, Self::SameHost, Self::SameNet]
            .into_iter()
            .find(|address| address.to_string() == word)
    }

    /// Whether it is a word that quotes would make the name of a host.
    pub(super) fn is_keyword(&self) -> bool {
        matches!(self, Self::All | Self::SameHost | Self::SameNet)
    }

    /// Whether it is every address of a family.
    pub(crate) fn is_everybody(&self) -> bool {
        match self {
            Self::All => true,
            Self::Net { mask, .. } => mask.is_unspecified(),
            Self::SameHost | Self::SameNet | Self::Name(_) => false,
        }
    }
}

/// What `pg_hba.conf` calls the ways in which the server makes sure who is there.
pub(super) const METHODS: [&str; 15] = [
    "trust",
    "reject",
    "scram-sha-256",
    "md5",
    "password",
    "cert",
    "peer",
    "ident",
    "gss",
    "sspi",
    "ldap",
    "radius",
    "pam",
    "bsd",
    "oauth",
];
