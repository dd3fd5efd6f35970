//! Memberships that are borrowed for the length of one change.

use super::quoting::identifier;
use crate::change::{Borrow, Membership, Row};
use crate::statement::Statement;

/// Grants a membership for the length of one change.
pub(crate) fn lend(borrow: &Borrow) -> Statement {
    let options = match (borrow.options, borrow.row) {
        (Membership::Plain, _) => "",
        (Membership::ToBecome, Row::Fresh) => " WITH INHERIT FALSE, SET TRUE",
        (Membership::ToUse, Row::Fresh) => " WITH INHERIT TRUE, SET FALSE",
        (Membership::ToBecome, Row::Widened) => " WITH SET TRUE",
        (Membership::ToUse, Row::Widened) => " WITH INHERIT TRUE",
    };
    Statement::plain(format!("GRANT {}{options}", role_to_member(borrow, "TO")))
}

/// Gives a borrowed membership back.
pub(crate) fn give_back(borrow: &Borrow) -> Statement {
    Statement::plain(match (borrow.options, borrow.row) {
        (Membership::ToBecome, Row::Widened) => format!("GRANT {} WITH SET FALSE", role_to_member(borrow, "TO")),
        (Membership::ToUse, Row::Widened) => format!("GRANT {} WITH INHERIT FALSE", role_to_member(borrow, "TO")),
        _ => format!("REVOKE {}", role_to_member(borrow, "FROM")),
    })
}

fn role_to_member(borrow: &Borrow, word: &str) -> String {
    format!(
        "{} {word} {}",
        identifier(borrow.role.as_str()),
        identifier(borrow.member.as_str())
    )
}
