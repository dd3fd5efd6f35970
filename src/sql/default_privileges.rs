//! Default privileges: who may read what a role will make.

use super::identifier;
use crate::change::Statement;
use crate::names::RoleName;

/// Lets a reader see the schemas and tables that a role will make. Only `FOR ROLE` of the maker does: the default
/// privileges of anybody else do not fire for what it makes.
#[must_use]
pub fn grant_default_privileges(role: &RoleName, reader: &RoleName) -> Vec<Statement> {
    default_privileges(role, "GRANT", "TO", reader)
}

/// Takes that back, for what will be made from then on.
#[must_use]
pub fn revoke_default_privileges(role: &RoleName, reader: &RoleName) -> Vec<Statement> {
    default_privileges(role, "REVOKE", "FROM", reader)
}

fn default_privileges(role: &RoleName, verb: &str, word: &str, reader: &RoleName) -> Vec<Statement> {
    let (role, reader) = (identifier(role.as_str()), identifier(reader.as_str()));
    ["USAGE ON SCHEMAS", "SELECT ON TABLES"]
        .into_iter()
        .map(|what| {
            Statement::plain(format!(
                "ALTER DEFAULT PRIVILEGES FOR ROLE {role} {verb} {what} {word} {reader}"
            ))
        })
        .collect()
}
