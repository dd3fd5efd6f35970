//! Memberships that are borrowed for statements: granted before them, and revoked again behind them.

use crate::change::Sql;
use crate::sql;
use crate::statement::Statement;
use crate::world::apply::execute::joined;

/// The memberships that the statements need, granted and revoked within each transaction.
pub(super) struct Borrowed {
    pub(super) grant_membership: String,
    pub(super) revoke_membership: String,
}

impl Borrowed {
    /// `None` where none are needed.
    pub(super) fn of(sql: &Sql) -> Option<Self> {
        let text = |statements: Vec<Statement>| joined(&statements).to_string();
        (!sql.memberships.is_empty()).then(|| Self {
            grant_membership: text(sql.memberships.iter().map(sql::grant_membership).collect()),
            revoke_membership: text(sql.memberships.iter().rev().map(sql::revoke_membership).collect()),
        })
    }
}
