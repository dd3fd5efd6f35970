//! Chains of rules as data, and what they do with one packet.

use super::tool::{Spot, Tool};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The first packet of a connection from outside: TCP, no state known of it, not over the loopback interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) from: IpAddr,
    pub(super) port: u16,
    /// The interface it comes in by, where that is known.
    pub(super) over: Option<&'a str>,
}

impl Packet<'_> {
    /// Stitch's packets come over no loopback.
    pub(super) fn comes_over(&self, name: &str) -> Tri {
        match (name, self.over) {
            ("lo", _) => Tri::No,
            (name, Some(over)) => match name.strip_suffix(['+', '*']) {
                Some(start) => over.starts_with(start),
                None => over == name,
            }
            .into(),
            ("+" | "*", None) => Tri::Yes,
            (_, None) => Tri::Maybe,
        }
    }
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Let in or not.
    pub fate: Fate,
    /// The rule or policy that decides; none where there is no firewall.
    pub by: Option<String>,
    /// Where that stands, where it is a rule or policy that was seen.
    pub at: Option<Spot>,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It gets in.
    Accepted,
    /// It does not, with an answer or without.
    Dropped,
    /// That depends on something that is not seen.
    Unknown,
}

/// Chains that packets to this machine come through, one after another; each of them must let a packet in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) tool: Tool,
    /// Where packets begin, in order.
    pub(super) hooks: Vec<Hook>,
    pub(super) chains: BTreeMap<String, Vec<Rule>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hook {
    pub(super) chain: String,
    pub(super) priority: i64,
    pub(super) policy: Act,
}

/// A rule, already held against one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) text: String,
    /// nft's handle, or the number in the chain.
    pub(super) number: u64,
    pub(super) matches: Tri,
    pub(super) act: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tri {
    No,
    Maybe,
    Yes,
}

impl From<bool> for Tri {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Tri {
    pub(super) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Counts, logs: the packet goes on.
    Nothing,
    Accept,
    Drop,
    Return,
    Jump(String),
    Goto(String),
    /// Something this program does not know, which may end it.
    Unknown,
}

/// How deep chains may call one another; the kernel allows 16.
pub(super) const DEEPEST: usize = 16;

impl Filter {
    pub(super) fn new(tool: Tool) -> Self {
        Self {
            tool,
            hooks: Vec::new(),
            chains: BTreeMap::new(),
        }
    }

    /// What it does with the packet it was read for.
    pub(super) fn answer(&self) -> Answer {
        let mut answer = Answer {
            fate: Fate::Accepted,
            by: None,
            at: None,
        };
        let mut hooks: Vec<&Hook> = self.hooks.iter().collect();
        hooks.sort_by_key(|hook| hook.priority);
        for hook in hooks {
            let mut doubt = None;
            let end = match self.walk(&hook.chain, &mut doubt, 0) {
                End::Decided(answer) => answer,
                End::Over if hook.policy == Act::Drop => self.policy(Fate::Dropped, "drop", &hook.chain),
                End::Over => self.policy(Fate::Accepted, "accept", &hook.chain),
            };
            let said = match doubt {
                // What stood in doubt would have done the same, or decides.
                Some(other) if other.fate != end.fate => Answer {
                    fate: Fate::Unknown,
                    ..other
                },
                _ => end,
            };
            match (answer.fate, said.fate) {
                // Every chain must let it in: what one drops is gone, whatever another would have done.
                (_, Fate::Dropped) => return said,
                (Fate::Unknown, _) => {}
                _ => answer = said,
            }
        }
        answer
    }

    /// Goes through a chain. A rule that may match leaves a doubt and the walk goes on.
    fn walk(&self, chain: &str, doubt: &mut Option<Answer>, depth: usize) -> End {
        let Some(rules) = self.chains.get(chain).filter(|_| depth < DEEPEST) else {
            return End::Decided(Answer {
                fate: Fate::Unknown,
                by: Some(format!("chain {chain}, which was not seen")),
                at: None,
            });
        };
        for rule in rules {
            if rule.matches == Tri::No {
                continue;
            }
            let end = match &rule.act {
                Act::Nothing => continue,
                Act::Accept => End::Decided(self.by(rule, chain, Fate::Accepted)),
                Act::Drop => End::Decided(self.by(rule, chain, Fate::Dropped)),
                Act::Unknown => End::Decided(self.by(rule, chain, Fate::Unknown)),
                Act::Return => End::Over,
                Act::Jump(to) | Act::Goto(to) => self.walk(to, doubt, depth + 1),
            };
            let returns = matches!(rule.act, Act::Return | Act::Goto(_));
            match (rule.matches, end) {
                // A return that may happen hides the rest of the chain.
                (Tri::Maybe, End::Over) if returns => {
                    doubt.get_or_insert(self.by(rule, chain, Fate::Unknown));
                }
                (Tri::Yes, End::Over) if returns => return End::Over,
                (_, End::Over) => {}
                (Tri::Yes, decided) => return decided,
                (_, End::Decided(answer)) => {
                    let earlier = doubt.get_or_insert(answer.clone());
                    if earlier.fate != answer.fate {
                        *earlier = Answer {
                            fate: Fate::Unknown,
                            ..answer
                        };
                    }
                }
            }
        }
        End::Over
    }

    fn policy(&self, fate: Fate, word: &str, chain: &str) -> Answer {
        Answer {
            fate,
            by: Some(format!("policy {word} of {chain}")),
            at: Some(self.spot(chain, None)),
        }
    }

    pub(super) fn by(&self, rule: &Rule, chain: &str, fate: Fate) -> Answer {
        Answer {
            fate,
            by: Some(rule.text.clone()),
            at: Some(self.spot(chain, Some(rule.number))),
        }
    }

    fn spot(&self, chain: &str, rule: Option<u64>) -> Spot {
        Spot {
            tool: self.tool,
            chain: chain.to_owned(),
            rule,
        }
    }

    pub(super) fn push(&mut self, chain: &str, rule: Rule) {
        self.chains.entry(chain.to_owned()).or_default().push(rule);
    }
}

pub(super) enum End {
    Decided(Answer),
    /// The chain ended, or said return.
    Over,
}
