//! Rights on the database, on schemas and on single relations, given and taken back.

use super::identifier;
use crate::names::{DatabaseName, RoleName};
use crate::statement::Statement;

/// Grants privileges on a database.
#[must_use]
pub fn grant_on_database(privileges: &[&str], database: &DatabaseName, role: &RoleName) -> Statement {
    Statement::plain(format!(
        "GRANT {} ON DATABASE {} TO {}",
        privileges.join(", "),
        identifier(database.as_str()),
        identifier(role.as_str())
    ))
}

/// Takes privileges on a database back.
#[must_use]
pub fn revoke_on_database(privileges: &[&str], database: &DatabaseName, role: &RoleName) -> Statement {
    Statement::plain(format!(
        "REVOKE {} ON DATABASE {} FROM {}",
        privileges.join(", "),
        identifier(database.as_str()),
        identifier(role.as_str())
    ))
}

/// Grants `USAGE` on a system schema that somebody closed.
#[must_use]
pub fn grant_schema_usage(schema: &str, role: &RoleName) -> Statement {
    Statement::plain(format!(
        "GRANT USAGE ON SCHEMA {} TO {}",
        identifier(schema),
        identifier(role.as_str())
    ))
}

/// Takes `USAGE` on a schema back.
#[must_use]
pub fn revoke_schema_usage(schema: &str, role: &RoleName) -> Statement {
    Statement::plain(format!(
        "REVOKE USAGE ON SCHEMA {} FROM {}",
        identifier(schema),
        identifier(role.as_str())
    ))
}

/// Grants `SELECT` on single relations of one schema, never on all of it: the blanket grant on `pg_catalog`, run by a
/// superuser, would open `pg_authid` with everybody's password hashes.
#[must_use]
pub fn grant_select(schema: &str, relations: &[String], role: &RoleName) -> Statement {
    Statement::plain(format!(
        "GRANT SELECT ON {} TO {}",
        qualified(schema, relations),
        identifier(role.as_str())
    ))
}

/// Takes `SELECT` on single relations back.
#[must_use]
pub fn revoke_select(schema: &str, relations: &[String], role: &RoleName) -> Statement {
    Statement::plain(format!(
        "REVOKE SELECT ON {} FROM {}",
        qualified(schema, relations),
        identifier(role.as_str())
    ))
}

/// Takes every privilege on one object away. `kind` and `identity` are the server's own words for it, quoted by
/// `pg_identify_object`.
#[must_use]
pub fn revoke_all(kind: &str, identity: &str, role: &RoleName) -> Statement {
    Statement::plain(format!(
        "REVOKE ALL ON {kind} {identity} FROM {}",
        identifier(role.as_str())
    ))
}

fn qualified(schema: &str, relations: &[String]) -> String {
    let names: Vec<String> = relations
        .iter()
        .map(|name| format!("{}.{}", identifier(schema), identifier(name)))
        .collect();
    names.join(", ")
}
