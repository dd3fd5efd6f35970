//! One function per SQL statement this tool runs; the only place that quotes identifiers and literals.

use crate::names::{DatabaseName, RoleName, SchemaName};
use crate::password::Formed;
use crate::statement::Statement;

mod batch;
mod offline;
mod privileges;
mod quoting;
mod transactions;

pub(crate) use batch::{BUSY, GONE, async_commit, batch_block, flush_commits, with_memberships};
pub(crate) use offline::{
    alter_owner_of_tables, database_exists, grant_what_is_closed, role_exists, role_has, role_missing,
    role_owns_something, schema_missing, stop_where, template_is_not_utf8,
};
pub(crate) use privileges::{
    Grantable, default_privilege, grant_membership, reading_by_default, reset_default_privileges, revoke_membership,
    rights_on_database, select_on, usage_of_schema,
};
use quoting::quoted;
pub(crate) use quoting::{PASSWORD, connection_string, in_schema, name};
pub use quoting::{identifier, literal};
pub(crate) use transactions::{
    FIX_PATH, PATH_OPTION, PSQL_ENCODING, READ_ONLY_ONCE, TELL_EVENT_TRIGGERS, TURN_HOLDER, opening, take_turn,
};

/// The startup option that sets a role. The server splits such options at white space; a backslash keeps it from that.
pub(crate) fn role_option(role: &RoleName) -> String {
    let mut option = "-c role=".to_owned();
    for c in role.as_str().chars() {
        if c == '\\' || c.is_whitespace() {
            option.push('\\');
        }
        option.push(c);
    }
    option
}

/// Acts as this role from then on, or as the login itself, whatever the database's owner has set.
pub(crate) fn set_role(role: Option<&RoleName>) -> Statement {
    let role = role.map_or("NONE".to_owned(), |role| identifier(role.as_str()));
    Statement::plain(format!("SET ROLE {role}"))
}

/// `CREATE DATABASE`, from a template that can hold UTF-8. Runs alone: it refuses a transaction block (guide step 2). Without
/// an owner it belongs to the role that runs it.
pub(crate) fn create_database(name: &DatabaseName, template: Template, owner: Option<&str>) -> Statement {
    let owner = owner.map_or(String::new(), |owner| format!("OWNER {} ", identifier(owner)));
    let how = match template {
        Template::Default => "ENCODING 'UTF8'",
        Template::Untouched => "TEMPLATE template0 ENCODING 'UTF8'",
        Template::Pristine => "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'",
    };
    Statement::plain(format!("CREATE DATABASE {} {owner}{how}", identifier(name.as_str())))
}

/// Which template a new database is copied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Template {
    /// `template1`, as the administrator has prepared it.
    Default,
    /// `template0`, because `template1` cannot be copied.
    Untouched,
    /// `template0`, because `template1` has another encoding than UTF-8.
    Pristine,
}

/// `CREATE ROLE … LOGIN` with a SCRAM verifier made on our side, so that the password itself is in no server's log.
/// `None`: the password is not known in this run.
pub(crate) fn create_role(role: &RoleName, password: Option<Formed>) -> Statement {
    with_password(
        format!("CREATE ROLE {} LOGIN PASSWORD ", identifier(role.as_str())),
        password,
    )
}

/// Changes an existing role's password, again by verifier.
pub(crate) fn set_password(role: &RoleName, password: Option<Formed>) -> Statement {
    with_password(format!("ALTER ROLE {} PASSWORD ", identifier(role.as_str())), password)
}

fn with_password(text: String, password: Option<Formed>) -> Statement {
    let password = password.map(|formed| match formed {
        Formed::Text(text) => Formed::Text(quoted(&text)),
        verifier @ Formed::QuotedVerifier { .. } => verifier,
    });
    Statement::plain(text).then_password(password, PASSWORD)
}

/// Makes the server read its configuration files again.
pub(crate) fn reload() -> Statement {
    Statement::plain("SELECT pg_catalog.pg_reload_conf()")
}

/// When the server last read its files, and whether that is later than `$1`.
pub(crate) const HBA_LOADED: &str = "SELECT json_build_object(
    'since', pg_conf_load_time()::text,
    'loaded', pg_conf_load_time() > coalesce(nullif($1::text, '')::timestamptz, '-infinity'))::text";

/// How many lines of the rules are in order and how many not.
pub(crate) const HBA_STATE: &str = "SELECT json_build_object(
    'rules', count(*) FILTER (WHERE auth_method IS NOT NULL),
    'broken', count(*) FILTER (WHERE auth_method IS NULL),
    'complaint', min(error) FILTER (WHERE auth_method IS NULL))::text
FROM pg_hba_file_rules";

/// Changes the named attributes of a role and no others.
pub(crate) fn alter_role(role: &RoleName, attributes: &[&str]) -> Statement {
    let role = identifier(role.as_str());
    Statement::plain(format!("ALTER ROLE {role} {}", attributes.join(" ")))
}

/// Takes a setting off the role again, in one database or in all.
pub(crate) fn reset_setting(role: &RoleName, database: Option<&DatabaseName>, name: &str) -> Statement {
    let (role, name) = (identifier(role.as_str()), identifier(name));
    let place = database.map(|database| format!(" IN DATABASE {}", identifier(database.as_str())));
    Statement::plain(format!("ALTER ROLE {role}{} RESET {name}", place.unwrap_or_default()))
}

/// Gives the role a setting of its own in one database; `value` is SQL.
pub(crate) fn set_setting(role: &RoleName, database: &DatabaseName, name: &str, value: &str) -> Statement {
    let (role, database) = (identifier(role.as_str()), identifier(database.as_str()));
    let name = identifier(name);
    Statement::plain(format!(
        "ALTER ROLE {role} IN DATABASE {database} SET {name} TO {value}"
    ))
}

/// `DROP ROLE`: for `remove`, and as the undo of our own `CREATE ROLE`.
pub(crate) fn drop_role(role: &RoleName) -> Statement {
    Statement::plain(format!("DROP ROLE {}", identifier(role.as_str())))
}

/// Hands everything the role owns in this database to another; nothing is dropped.
pub(crate) fn reassign_owned(role: &RoleName, owner: &RoleName) -> Statement {
    let (role, owner) = (identifier(role.as_str()), identifier(owner.as_str()));
    Statement::plain(format!("REASSIGN OWNED BY {role} TO {owner}"))
}

/// Lets the coming owner use and create in a schema, which a non-superuser needs before it can hand tables over.
pub(crate) fn grant_schema_create(schema: &SchemaName, role: &RoleName) -> Statement {
    grant("USAGE, CREATE", "SCHEMA", &identifier(schema.as_str()), role.as_str())
}

/// Changes the owner of one object; `kind` is the word after `ALTER`, `target` the name, quoted already.
pub(crate) fn alter_owner(kind: &str, target: &str, owner: &str) -> Statement {
    Statement::plain(format!("ALTER {kind} {target} OWNER TO {}", identifier(owner)))
}

/// Grants privileges on one object; `kind` is the word after `ON`, `target` the name, quoted already.
pub(crate) fn grant(privileges: &str, kind: &str, target: &str, role: &str) -> Statement {
    Statement::plain(format!("GRANT {privileges} ON {kind} {target} TO {}", identifier(role)))
}

/// Takes privileges on something back.
pub(crate) fn revoke(privileges: &str, kind: &str, target: &str, role: &str) -> Statement {
    let role = identifier(role);
    Statement::plain(format!("REVOKE {privileges} ON {kind} {target} FROM {role}"))
}

#[cfg(test)]
mod tests;
