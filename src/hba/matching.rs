//! Which rule decides about a login: the first that matches in kind, address, database and role. Where that cannot be decided from
//! here, the answer says which rules stay in doubt and why.

use ipnet::IpNet;

use super::conditions::Matches;
use super::rules::{Content, Line, LocatedRule, Location, Rule, Rules};

/// A login that is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The way it comes.
    pub origin: Origin,
    /// The database it names.
    pub database: &'a str,
    /// The role it names.
    pub role: &'a str,
    /// Every role it belongs to, directly or not, itself included; superusers belong to no more than they were
    /// granted. Empty when the role does not exist.
    pub memberships: &'a [String],
    /// What is known of the server's own networks.
    pub networks: Networks<'a>,
    /// What the server's own regular expressions say.
    pub regexes: &'a [KnownRegex],
}

/// The way a login comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Unix socket.
    Socket,
    /// TCP.
    Tcp {
        /// The client's address as the server sees it; a network asks about all of its addresses at once.
        from: IpNet,
        /// With TLS or without.
        encryption: Encryption,
    },
}

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS.
    Tls,
    /// Plain text.
    Plain,
}

impl Encryption {
    /// What it is not.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Tls => Self::Plain,
            Self::Plain => Self::Tls,
        }
    }

    /// For people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "with TLS",
            Self::Plain => "without TLS",
        }
    }
}

/// What is known of the server's own networks, for `samehost` and `samenet`.
#[derive(Clone, Copy, Debug)]
pub enum Networks<'a> {
    /// They could not be read.
    Unknown,
    /// The client is in none of them.
    Elsewhere,
    /// All of them: each interface's address with its mask.
    Known(&'a [IpNet]),
}

/// One answer of the server to `subject ~ pattern`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct KnownRegex {
    /// The pattern without its slash.
    pub pattern: String,
    /// The name it was held against.
    pub subject: String,
    /// Whether it matched.
    pub matches: bool,
}

/// A line above the deciding one that may decide instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncertainty<'a> {
    /// File and line of the rule.
    pub place: &'a Location,
    /// The rule; none for an include that was not read.
    pub rule: Option<&'a Rule>,
    /// Why it cannot be decided; completes "line 3 …".
    pub why: String,
}

/// The one thing about a rule that keeps it from matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Socket, TLS, plain.
    Kind,
    /// The client's address.
    Address,
    /// The database column.
    Database,
    /// The user column.
    Role,
}

/// What becomes of a login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginVerdict<'a> {
    /// The first rule that certainly matches; without one the server refuses.
    pub decides: Option<LocatedRule<'a>>,
    /// Lines above it that may match; empty: the answer is certain.
    pub doubts: Vec<Uncertainty<'a>>,
    /// Rules below it that were written for this database, role or address and are never reached.
    pub shadowed: Vec<LocatedRule<'a>>,
    /// Rules that would match but for one thing.
    pub near_misses: Vec<(LocatedRule<'a>, Condition)>,
}

/// Finds the deciding rule. Lines the server cannot read are passed over: see [`Rules::broken`].
pub fn evaluate<'a>(rules: &'a Rules, question: &Question<'_>) -> LoginVerdict<'a> {
    let mut answer = LoginVerdict::default();
    for line in &rules.0 {
        match &line.content {
            Content::Rule(rule) => answer.consider(line, rule, question),
            Content::Include(what) if answer.decides.is_none() => answer.doubts.push(Uncertainty {
                place: &line.place,
                rule: None,
                why: format!("refers to \"{what}\", which was not read"),
            }),
            Content::Include(_) | Content::Broken(_) => {}
        }
    }
    answer
}

impl<'a> LoginVerdict<'a> {
    fn consider(&mut self, line: &'a Line, rule: &'a Rule, question: &Question<'_>) {
        let found = LocatedRule {
            place: &line.place,
            rule,
        };
        let aspects = rule.aspects(question, line.quotes);
        let mut misses = aspects.iter().filter(|(_, matches)| *matches == Matches::No);
        match (misses.next(), misses.next()) {
            (Some((aspect, _)), None) => {
                if aspects.iter().filter(|(_, m)| *m == Matches::Yes).count() == 3 {
                    self.near_misses.push((found, *aspect));
                }
                return;
            }
            (Some(_), Some(_)) => return,
            (None, _) => {}
        }
        let why = aspects.into_iter().find_map(|(_, matches)| match matches {
            Matches::Unsure(why) => Some(why),
            _ => None,
        });
        match (why, self.decides) {
            (Some(why), None) => self.doubts.push(Uncertainty {
                place: &line.place,
                rule: Some(rule),
                why,
            }),
            (None, None) => self.decides = Some(found),
            (None, Some(_)) if rule.is_meant_for(question) => self.shadowed.push(found),
            (_, Some(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests;
