//! A host's firewall as data, and what it does with the first packet of a connection. Pure: the rules come from what
//! `nft` and `iptables-save` print, and the answer is the kernel's own, or says that it is open and which rule makes it so.

mod filter;
mod iptables;
mod marked;
mod nft;
mod ruleset_dump;

pub use filter::{Evaluation, RuleLocation, Tool, Verdict};
pub(crate) use marked::{MARK, marked, rich, rich_rule};
pub use ruleset_dump::{FirewallManager, Rank, RulesetDump};
