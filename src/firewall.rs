//! A host's firewall as data, and what it does with the first packet of a connection. Pure: the rules come from what
//! `nft` and `iptables-save` print, and the answer is the kernel's own, or says that it is open and which rule makes it so.

use std::collections::BTreeMap;
use std::net::IpAddr;

mod iptables;
mod nft;
mod printed;

pub use iptables::{Kind, parse as parse_iptables};
pub use nft::parse as parse_nft;
pub use printed::Printed;

/// The first packet of a connection from outside: TCP, no state known of it, not over the loopback interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Who sends it.
    pub from: IpAddr,
    /// To which port.
    pub port: u16,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Let in or not.
    pub fate: Fate,
    /// The rule or policy that decides; none where there is no firewall.
    pub by: Option<String>,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Where packets begin, in order.
    hooks: Vec<Hook>,
    chains: BTreeMap<String, Vec<Rule>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Hook {
    chain: String,
    priority: i64,
    policy: Act,
}

/// A rule, already held against one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    text: String,
    matches: Tri,
    act: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tri {
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
    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
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
const DEEPEST: usize = 16;

impl Filter {
    /// What it does with the packet it was read for.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let mut answer = Answer {
            fate: Fate::Accepted,
            by: None,
        };
        let mut hooks: Vec<&Hook> = self.hooks.iter().collect();
        hooks.sort_by_key(|hook| hook.priority);
        for hook in hooks {
            let mut doubt = None;
            let fate = match self.walk(&hook.chain, &mut doubt, 0) {
                End::Decided(fate, by) => (fate, by),
                End::Over if hook.policy == Act::Drop => (Fate::Dropped, format!("policy drop of {}", hook.chain)),
                End::Over => (Fate::Accepted, format!("policy accept of {}", hook.chain)),
            };
            let said = match (fate, doubt) {
                // What stood in doubt would have done the same, or decides.
                ((fate, _), Some((other, by))) if other != fate => Answer {
                    fate: Fate::Unknown,
                    by: Some(by),
                },
                ((fate, by), _) => Answer { fate, by: Some(by) },
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
    fn walk(&self, chain: &str, doubt: &mut Option<(Fate, String)>, depth: usize) -> End {
        let Some(rules) = self.chains.get(chain).filter(|_| depth < DEEPEST) else {
            return End::Decided(Fate::Unknown, format!("chain {chain}, which was not seen"));
        };
        for rule in rules {
            if rule.matches == Tri::No {
                continue;
            }
            let end = match &rule.act {
                Act::Nothing => continue,
                Act::Accept => End::Decided(Fate::Accepted, rule.text.clone()),
                Act::Drop => End::Decided(Fate::Dropped, rule.text.clone()),
                Act::Unknown => End::Decided(Fate::Unknown, rule.text.clone()),
                Act::Return => End::Over,
                Act::Jump(to) | Act::Goto(to) => self.walk(to, doubt, depth + 1),
            };
            let returns = matches!(rule.act, Act::Return | Act::Goto(_));
            match (rule.matches, end) {
                // A return that may happen hides the rest of the chain.
                (Tri::Maybe, End::Over) if returns => {
                    doubt.get_or_insert((Fate::Unknown, rule.text.clone()));
                }
                (Tri::Yes, End::Over) if returns => return End::Over,
                (_, End::Over) => {}
                (Tri::Yes, decided) => return decided,
                (_, End::Decided(fate, by)) => {
                    let earlier = doubt.get_or_insert((fate, by.clone()));
                    if earlier.0 != fate {
                        *earlier = (Fate::Unknown, by);
                    }
                }
            }
        }
        End::Over
    }

    fn push(&mut self, chain: &str, rule: Rule) {
        self.chains.entry(chain.to_owned()).or_default().push(rule);
    }
}

enum End {
    Decided(Fate, String),
    /// The chain ended, or said return.
    Over,
}
