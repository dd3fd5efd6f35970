//! Privileges: rights on the database, on schemas and on single relations, each grant with what revokes it; default
//! privileges, by which others may read what a role will make; memberships that are borrowed for the length of one change.

use super::quoting::{identifier, in_schema};
use crate::change::{Membership, Row, TemporaryMembership};
use crate::names::{DatabaseName, RoleName, SchemaName};
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

/// `USAGE` on a schema whose owner revoked it.
pub(crate) fn usage_of_schema(schema: &str, role: &RoleName) -> (Statement, Statement) {
    pair("USAGE", &format!("SCHEMA {}", identifier(schema)), role)
}

/// `SELECT` on single relations of one schema, never on all of it: the blanket grant on `pg_catalog`, run by a superuser,
/// would open `pg_authid` with the password hashes of all roles.
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

/// Grants PUBLIC, or one role, a privilege on what `maker` will make in a schema (`None`: anywhere); and the statement that
/// revokes it. What: the privilege and the word after `ON`.
pub(crate) fn default_privilege(
    maker: &RoleName,
    schema: Option<&SchemaName>,
    what: (&str, &str),
    grantee: Option<&str>,
    grantable: Grantable,
) -> (Statement, Statement) {
    let begin = default_privileges(maker, schema.map(SchemaName::as_str));
    let (privilege, on) = what;
    let grantee = grantee.map_or("PUBLIC".to_owned(), identifier);
    let option = match grantable {
        Grantable::Yes => " WITH GRANT OPTION",
        Grantable::No => "",
    };
    (
        Statement::plain(format!("{begin} GRANT {privilege} ON {on} TO {grantee}{option}")),
        Statement::plain(format!("{begin} REVOKE {privilege} ON {on} FROM {grantee}")),
    )
}

/// Whether a privilege may be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grantable {
    Yes,
    No,
}

/// Lets a reader see the schemas and tables that a role will make; and the statements that end this for what it makes later.
/// Only `FOR ROLE` of the maker does: the default privileges of another role do not apply to what it makes.
pub(crate) fn reading_by_default(role: &RoleName, reader: &RoleName) -> (Vec<Statement>, Vec<Statement>) {
    let both = [("USAGE", "SCHEMAS"), ("SELECT", "TABLES")];
    let pair = |what| default_privilege(role, None, what, Some(reader.as_str()), Grantable::No);
    both.into_iter().map(pair).unzip()
}

/// Puts the default privileges of a role for one kind of thing back to the built-in ones, which the server does not store.
/// `grantees`: the roles that they name, `None` for PUBLIC.
pub(crate) fn reset_default_privileges(
    role: &RoleName,
    schema: Option<&str>,
    kind: &str,
    grantees: &[Option<&str>],
) -> Vec<Statement> {
    let begin = default_privileges(role, schema);
    let grantees = grantees.iter().map(|name| name.map_or("PUBLIC".to_owned(), identifier));
    let revoke = |grantee| format!("{begin} REVOKE ALL ON {kind} FROM {grantee}");
    let mut statements: Vec<String> = grantees.map(revoke).collect();
    if schema.is_none() {
        // The owner has all, and PUBLIC may run functions and use types.
        let role = identifier(role.as_str());
        statements.push(format!("{begin} GRANT ALL ON {kind} TO {role}"));
        match kind {
            "FUNCTIONS" => statements.push(format!("{begin} GRANT EXECUTE ON FUNCTIONS TO PUBLIC")),
            "TYPES" => statements.push(format!("{begin} GRANT USAGE ON TYPES TO PUBLIC")),
            _ => {}
        }
    }
    statements.into_iter().map(Statement::plain).collect()
}

fn default_privileges(role: &RoleName, schema: Option<&str>) -> String {
    let place = schema.map_or(String::new(), |schema| format!(" IN SCHEMA {}", identifier(schema)));
    format!("ALTER DEFAULT PRIVILEGES FOR ROLE {}{place}", identifier(role.as_str()))
}

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
