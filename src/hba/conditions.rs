//! Whether a rule's kind, address, databases and roles match a login, each for itself: yes, no, or unknown.

use ipnet::IpNet;

use super::address::{self, Cover};
use super::matching::{Condition, Encryption, Networks, Origin, Question};
use super::rules::{Address, ConnectionKind, Name, Quotes, Rule};

/// Whether one thing about a rule matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Matches {
    Yes,
    No,
    Unsure(String),
}

impl From<bool> for Matches {
    fn from(matches: bool) -> Self {
        if matches { Self::Yes } else { Self::No }
    }
}

impl Rule {
    pub(super) fn aspects(&self, question: &Question<'_>, quotes: Quotes) -> [(Condition, Matches); 4] {
        let address = match (question.origin, &self.address) {
            (Origin::Tcp { from, .. }, Some(address)) => match address.matches(from, question.networks) {
                Matches::Yes if quotes == Quotes::Lost && address.is_keyword() => unsure_of_quotes(),
                matches => matches,
            },
            _ => Matches::Yes,
        };
        // A keyword that matches may be a name that does not, and the other way round.
        let named = |name: &Name, matches: Matches, wanted: &str| match name.keyword() {
            Some(word) if quotes == Quotes::Lost && (matches == Matches::Yes || word == wanted) => unsure_of_quotes(),
            _ => matches,
        };
        let is_database = |name: &Name| named(name, name.is_database(question), question.database);
        let is_role = |name: &Name| named(name, name.is_role(question), question.role);
        [
            (Condition::Kind, self.kind.matches(question.origin).into()),
            (Condition::Address, address),
            (Condition::Database, any(&self.databases, is_database)),
            (Condition::Role, any(&self.roles, is_role)),
        ]
    }

    /// Whether this rule was written for this login: it names its database, its role, or a network.
    pub(super) fn is_meant_for(&self, question: &Question<'_>) -> bool {
        let names = |list: &[Name], name: &str| list.iter().any(|n| matches!(n, Name::Exact(exact) if exact == name));
        names(&self.databases, question.database)
            || names(&self.roles, question.role)
            || matches!(&self.address, Some(Address::Net { mask, .. }) if !mask.is_unspecified())
    }
}

/// One that matches is enough, whatever the others hide.
fn any<T>(those: &[T], matches: impl Fn(&T) -> Matches) -> Matches {
    let mut unsure = Matches::No;
    for one in those {
        match matches(one) {
            Matches::Yes => return Matches::Yes,
            Matches::Unsure(why) => unsure = Matches::Unsure(why),
            Matches::No => {}
        }
    }
    unsure
}

impl ConnectionKind {
    fn matches(self, origin: Origin) -> bool {
        match origin {
            Origin::Socket => self == Self::Local,
            Origin::Tcp { encryption, .. } => match self {
                Self::Host | Self::HostNoGssEnc => true,
                Self::HostSsl => encryption == Encryption::Tls,
                Self::HostNoSsl => encryption == Encryption::Plain,
                // Stitch speaks no GSSAPI.
                Self::Local | Self::HostGssEnc => false,
            },
        }
    }
}

impl Address {
    fn matches(&self, from: IpNet, networks: Networks<'_>) -> Matches {
        let loopback = from.addr().is_loopback();
        let whole = from.prefix_len() == from.max_prefix_len();
        match self {
            Self::All => Matches::Yes,
            Self::Net { address, mask } => covered(address::cover(*address, *mask, from)),
            Self::SameHost | Self::SameNet => match networks {
                Networks::Known(interfaces) => any(interfaces, |interface| {
                    let own = IpNet::from(interface.addr());
                    let mask = if *self == Self::SameHost { own } else { *interface }.netmask();
                    covered(address::cover(interface.addr(), mask, from))
                }),
                Networks::Elsewhere => Matches::No,
                // Every host has its loopback address.
                Networks::Unknown if loopback && whole => match from.addr().to_string().as_str() {
                    "127.0.0.1" | "::1" => Matches::Yes,
                    _ => unsure_of_networks(),
                },
                Networks::Unknown => unsure_of_networks(),
            },
            // The server resolves it forwards as well, and that ends on the loopback interface.
            Self::Name(name) if name.eq_ignore_ascii_case("localhost") && whole && !loopback => Matches::No,
            Self::Name(name) => Matches::Unsure(format!(
                "names the host {name}; only the server can check whether the client has that name"
            )),
        }
    }
}

fn unsure_of_quotes() -> Matches {
    Matches::Unsure("has keywords that may be quoted names, and the server's view does not show quotes".to_owned())
}

fn unsure_of_networks() -> Matches {
    Matches::Unsure("is for the server's own addresses or networks, which are not known here".to_owned())
}

fn covered(cover: Cover) -> Matches {
    match cover {
        Cover::All => Matches::Yes,
        Cover::None => Matches::No,
        Cover::Some => Matches::Unsure("is for some of these addresses and not for others".to_owned()),
    }
}

impl Name {
    fn is_database(&self, question: &Question<'_>) -> Matches {
        match self {
            Self::All => Matches::Yes,
            Self::SameUser => (question.database == question.role).into(),
            Self::SameRole => question.is_member(question.database).into(),
            // `+role` has its meaning among roles only.
            Self::Replication | Self::Member(_) => Matches::No,
            Self::Regex(pattern) => question.regex(pattern, question.database),
            Self::Exact(name) => (name == question.database).into(),
            Self::File(file) => Self::unread(file),
        }
    }

    fn is_role(&self, question: &Question<'_>) -> Matches {
        match self {
            Self::All => Matches::Yes,
            Self::Member(role) => question.is_member(role).into(),
            Self::Regex(pattern) => question.regex(pattern, question.role),
            Self::Exact(name) => (name == question.role).into(),
            Self::File(file) => Self::unread(file),
            Self::SameUser | Self::SameRole | Self::Replication => Matches::No,
        }
    }

    fn unread(file: &str) -> Matches {
        Matches::Unsure(format!("takes names from the file {file}, which was not read"))
    }
}

impl Question<'_> {
    fn is_member(&self, role: &str) -> bool {
        self.memberships.iter().any(|membership| membership == role)
    }

    fn regex(&self, pattern: &str, subject: &str) -> Matches {
        let mut regexes = self.regexes.iter();
        let known = regexes.find(|known| known.pattern == pattern && known.subject == subject);
        match (known, literal(pattern)) {
            (Some(known), _) => known.matches.into(),
            (None, Some(name)) => (name == subject).into(),
            (None, None) => Matches::Unsure(format!("holds the regular expression /{pattern}, which was not tried")),
        }
    }
}

/// The name that an anchored pattern of plain characters stands for; every engine reads those alike.
fn literal(pattern: &str) -> Option<&str> {
    let name = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_plain.then_some(name)
}
