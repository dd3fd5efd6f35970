//! The tools that tell the rules, and a place among those rules.

use crate::word::words;

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
    /// Who tells it.
    pub tool: Tool,
    /// With nft: family, table and chain; else table and chain.
    pub chain: String,
    /// With nft the rule's handle, else its number in the chain; none: the policy.
    pub rule: Option<u64>,
}
