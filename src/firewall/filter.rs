//! Chains of rules as data, the tools that tell them, and what they do with one packet.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::word::words;

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
    pub(super) fn comes_over(&self, name: &str) -> Match {
        match (name, self.over) {
            ("lo", _) => Match::No,
            (name, Some(over)) => match name.strip_suffix(['+', '*']) {
                Some(start) => over.starts_with(start),
                None => over == name,
            }
            .into(),
            ("+" | "*", None) => Match::Yes,
            (_, None) => Match::Maybe,
        }
    }
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Let in or not.
    pub fate: Verdict,
    /// The rule or policy that decides; none where there is no firewall.
    pub by: Option<String>,
    /// Where that stands, where it is a rule or policy that was seen.
    pub at: Option<RuleLocation>,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
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
    /// Its policy is to drop what comes to its end.
    pub(super) drops: bool,
}

/// A rule, already held against one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) text: String,
    /// nft's handle, or the number in the chain.
    pub(super) number: u64,
    pub(super) matches: Match,
    pub(super) act: Statement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    No,
    Maybe,
    Yes,
}

impl From<bool> for Match {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Match {
    pub(super) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
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
    pub(super) fn answer(&self) -> Evaluation {
        let mut answer = Evaluation {
            fate: Verdict::Accepted,
            by: None,
            at: None,
        };
        let mut hooks: Vec<&Hook> = self.hooks.iter().collect();
        hooks.sort_by_key(|hook| hook.priority);
        for hook in hooks {
            let mut doubt = None;
            let end = self.walk(&hook.chain, &mut doubt, 0).unwrap_or_else(|| {
                let (fate, word) = if hook.drops {
                    (Verdict::Dropped, "drop")
                } else {
                    (Verdict::Accepted, "accept")
                };
                self.told(fate, format!("policy {word} of {}", hook.chain), &hook.chain, None)
            });
            let said = match doubt {
                // What stood in doubt would have done the same, or decides.
                Some(other) if other.fate != end.fate => Evaluation {
                    fate: Verdict::Unknown,
                    ..other
                },
                _ => end,
            };
            match (answer.fate, said.fate) {
                // Every chain must let it in: what one drops is gone, whatever another would have done.
                (_, Verdict::Dropped) => return said,
                (Verdict::Unknown, _) => {}
                _ => answer = said,
            }
        }
        answer
    }

    /// Goes through a chain; `None` where it ends, or says return. A rule that may match leaves a doubt and the walk goes on.
    fn walk(&self, chain: &str, doubt: &mut Option<Evaluation>, depth: usize) -> Option<Evaluation> {
        let Some(rules) = self.chains.get(chain).filter(|_| depth < DEEPEST) else {
            return Some(Evaluation {
                fate: Verdict::Unknown,
                by: Some(format!("chain {chain}, which is not in the ruleset")),
                at: None,
            });
        };
        for rule in rules {
            if rule.matches == Match::No {
                continue;
            }
            let by_rule = |fate| self.told(fate, rule.text.clone(), chain, Some(rule.number));
            let end = match &rule.act {
                Statement::Nothing => continue,
                Statement::Accept => Some(by_rule(Verdict::Accepted)),
                Statement::Drop => Some(by_rule(Verdict::Dropped)),
                Statement::Unknown => Some(by_rule(Verdict::Unknown)),
                Statement::Return => None,
                Statement::Jump(to) | Statement::Goto(to) => self.walk(to, doubt, depth + 1),
            };
            let returns = matches!(rule.act, Statement::Return | Statement::Goto(_));
            match (rule.matches, end) {
                // A return that may happen hides the rest of the chain.
                (Match::Maybe, None) if returns => {
                    doubt.get_or_insert_with(|| by_rule(Verdict::Unknown));
                }
                (Match::Yes, None) if returns => return None,
                (_, None) => {}
                (Match::Yes, decided) => return decided,
                (_, Some(answer)) => {
                    let earlier = doubt.get_or_insert(answer.clone());
                    if earlier.fate != answer.fate {
                        *earlier = Evaluation {
                            fate: Verdict::Unknown,
                            ..answer
                        };
                    }
                }
            }
        }
        None
    }

    fn told(&self, fate: Verdict, by: String, chain: &str, rule: Option<u64>) -> Evaluation {
        Evaluation {
            fate,
            by: Some(by),
            at: Some(RuleLocation {
                tool: self.tool,
                chain: chain.to_owned(),
                rule,
            }),
        }
    }

    pub(super) fn push(&mut self, chain: &str, rule: Rule) {
        self.chains.entry(chain.to_owned()).or_default().push(rule);
    }
}

words! {
    /// A tool for rules, by the program's name.
    pub enum Tool {
        /// The list that `nft` prints.
        Nft = "nft",
        /// The rules of `iptables-save`.
        Iptables = "iptables",
        /// The rules of `ip6tables-save`.
        Ip6tables = "ip6tables",
    }
}

impl Tool {
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.as_str() == name)
    }

    /// Whether it keeps rules for packets of that kind.
    pub(super) fn is_for_ipv4(self) -> bool {
        self != Self::Ip6tables
    }
}

/// A rule or a chain's policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleLocation {
    /// The tool whose output shows the rule.
    pub tool: Tool,
    /// With nft: family, table and chain; else table and chain.
    pub chain: String,
    /// With nft the rule's handle, else its number in the chain; none: the policy.
    pub rule: Option<u64>,
}
