//! Default privileges: who may read what a role will make.

use super::quoting::identifier;
use crate::names::RoleName;
use crate::statement::Statement;

/// Lets a reader see the schemas and tables that a role will make, and takes that back for what will be made from then on.
/// Only `FOR ROLE` of the maker does: the default privileges of anybody else do not fire for what it makes.
pub(crate) fn reading_by_default(role: &RoleName, reader: &RoleName) -> (Vec<Statement>, Vec<Statement>) {
    let (role, reader) = (identifier(role.as_str()), identifier(reader.as_str()));
    let both = ["USAGE ON SCHEMAS", "SELECT ON TABLES"].map(|what| {
        let begin = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {role}");
        (
            Statement::plain(format!("{begin} GRANT {what} TO {reader}")),
            Statement::plain(format!("{begin} REVOKE {what} FROM {reader}")),
        )
    });
    both.into_iter().unzip()
}

/// Puts the default privileges of a role for one kind of thing back to what they are when nobody has said anything: the
/// server then forgets them. `grantees`: whoever is in them, `None` for everybody.
pub(crate) fn reset_default_privileges(
    role: &RoleName,
    schema: Option<&str>,
    kind: &str,
    grantees: &[Option<&str>],
) -> Vec<Statement> {
    let role = identifier(role.as_str());
    let place = schema.map_or(String::new(), |schema| format!(" IN SCHEMA {}", identifier(schema)));
    let begin = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {role}{place}");
    let mut statements: Vec<String> = grantees
        .iter()
        .map(|grantee| {
            let grantee = grantee.map_or("PUBLIC".to_owned(), identifier);
            format!("{begin} REVOKE ALL ON {kind} FROM {grantee}")
        })
        .collect();
    if schema.is_none() {
        // The owner has all, and everybody runs functions and uses types.
        statements.push(format!("{begin} GRANT ALL ON {kind} TO {role}"));
        match kind {
            "FUNCTIONS" => statements.push(format!("{begin} GRANT EXECUTE ON FUNCTIONS TO PUBLIC")),
            "TYPES" => statements.push(format!("{begin} GRANT USAGE ON TYPES TO PUBLIC")),
            _ => {}
        }
    }
    statements.into_iter().map(Statement::plain).collect()
}
