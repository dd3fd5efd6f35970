//! What a walk of the whole way came to, and what is to be taken back after it.

use crate::shell::Expiry;
use crate::statement::Statement;
use crate::world::failure::Failure;
use crate::world::ssh::capability::Capability;

/// What came of it.
#[derive(Debug)]
pub(crate) struct TunnelProof {
    /// How far it went.
    pub(crate) outcome: Result<(), Failure>,
    /// What the server granted although the key's options should refuse it.
    pub(crate) granted: Vec<Capability>,
    /// What it refused, as it should.
    pub(crate) refused: Vec<Capability>,
    /// Whether the server would have ended the key by itself.
    pub(crate) expiry: Expiry,
    /// Why the key could not be taken out again.
    pub(crate) left_behind: Option<String>,
}

/// A key in Stitch's file that is ours to take out.
pub(super) struct LentKey {
    pub(super) removal: Statement,
    pub(super) state: Lent,
}

/// How far the script that lends it came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lent {
    /// It was sent; whether it ended is not known.
    Asked,
    There,
}
