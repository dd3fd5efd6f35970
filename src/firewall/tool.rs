//! The tools that tell the rules, and a place among those rules.

/// A tool for rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the name of a program")]
pub enum Tool {
    Nft,
    Iptables,
    Ip6tables,
}

impl Tool {
    const ALL: [Self; 3] = [Self::Nft, Self::Iptables, Self::Ip6tables];

    /// The program's name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Nft => "nft",
            Self::Iptables => "iptables",
            Self::Ip6tables => "ip6tables",
        }
    }

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
