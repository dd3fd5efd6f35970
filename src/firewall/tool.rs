//! The tools by which rules are read and written, and a place among those rules.

/// A tool for rules. `iptables` writes into the kernel's nftables or, as on older systems, into its older tables, and
/// `iptables-legacy` into the latter always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the name of a program")]
pub enum Tool {
    Nft,
    Iptables,
    IptablesLegacy,
    Ip6tables,
    Ip6tablesLegacy,
}

impl Tool {
    const ALL: [Self; 5] = [
        Self::Nft,
        Self::Iptables,
        Self::IptablesLegacy,
        Self::Ip6tables,
        Self::Ip6tablesLegacy,
    ];

    /// The program's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nft => "nft",
            Self::Iptables => "iptables",
            Self::IptablesLegacy => "iptables-legacy",
            Self::Ip6tables => "ip6tables",
            Self::Ip6tablesLegacy => "ip6tables-legacy",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.as_str() == name)
    }

    /// Whether it keeps rules for packets of that kind.
    pub(super) fn is_for_ipv4(self) -> bool {
        matches!(self, Self::Nft | Self::Iptables | Self::IptablesLegacy)
    }
}

/// A rule or a chain's policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Who tells it.
    pub tool: Tool,
    /// With nft: family, table and chain; else table and chain.
    pub chain: String,
    /// With nft the rule's handle, else its number in the chain; none: the policy.
    pub rule: Option<u64>,
}
