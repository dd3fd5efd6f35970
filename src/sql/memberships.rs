//! Memberships that are borrowed for the length of one change.

use super::quoting::identifier;
use crate::change::{Membership, Row, TemporaryMembership};
use crate::statement::Statement;

/// Grants a membership for the length of one change.
pub(crate) fn grant_membership(memberships: &TemporaryMembership) -> Statement {
    let options = match (memberships.options, memberships.row) {
        (Membership::Plain, _) => "",
        (Membership::Set, Row::Fresh) => " WITH INHERIT FALSE, SET TRUE",
        (Membership::Inherit, Row::Fresh) => " WITH INHERIT TRUE, SET FALSE",
        (Membership::Set, Row::Widened) => " WITH SET TRUE",
        (Membership::Inherit, Row::Widened) => " WITH INHERIT TRUE",
    };
    Statement::plain(format!("GRANT {}{options}", role_to_member(memberships, "TO")))
}

/// Gives a borrowed membership back.
pub(crate) fn revoke_membership(memberships: &TemporaryMembership) -> Statement {
    Statement::plain(match (memberships.options, memberships.row) {
        (Membership::Set, Row::Widened) => format!("GRANT {} WITH SET FALSE", role_to_member(memberships, "TO")),
        (Membership::Inherit, Row::Widened) => {
            format!("GRANT {} WITH INHERIT FALSE", role_to_member(memberships, "TO"))
        }
        _ => format!("REVOKE {}", role_to_member(memberships, "FROM")),
    })
}

fn role_to_member(memberships: &TemporaryMembership, word: &str) -> String {
    format!(
        "{} {word} {}",
        identifier(memberships.role.as_str()),
        identifier(memberships.member.as_str())
    )
}
