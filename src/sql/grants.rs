//! Rights on the database, on schemas and on single relations: each grant with what takes it back.

use super::in_schema;
use super::quoting::identifier;
use crate::names::{DatabaseName, RoleName};
use crate::statement::Statement;

/// Privileges on a database.
pub(crate) fn rights_on_database(
    privileges: &[&str],
    database: &DatabaseName,
    role: &RoleName,
) -> (Statement, Statement) {
    let database = identifier(database.as_str());
    pair(&privileges.join(", "), &format!("DATABASE {database}"), role)
}

/// `USAGE` on a schema that somebody closed.
pub(crate) fn usage_of_schema(schema: &str, role: &RoleName) -> (Statement, Statement) {
    pair("USAGE", &format!("SCHEMA {}", identifier(schema)), role)
}

/// `SELECT` on single relations of one schema, never on all of it: the blanket grant on `pg_catalog`, run by a superuser,
/// would open `pg_authid` with everybody's password hashes.
pub(crate) fn select_on(schema: &str, relations: &[String], role: &RoleName) -> (Statement, Statement) {
    let names: Vec<String> = relations.iter().map(|name| in_schema(schema, name)).collect();
    pair("SELECT", &names.join(", "), role)
}

fn pair(privileges: &str, on: &str, role: &RoleName) -> (Statement, Statement) {
    let role = identifier(role.as_str());
    (
        Statement::plain(format!("GRANT {privileges} ON {on} TO {role}")),
        Statement::plain(format!("REVOKE {privileges} ON {on} FROM {role}")),
    )
}
