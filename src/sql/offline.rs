//! For scripts that are written without a check. The server decides, when they are run, what there is to do: statements that
//! find it out, and expressions, true when there is nothing left to do, which guard other statements.

use super::quoting::{identifier, literal, name as quoted};
use super::transactions::FIX_PATH_IN_BLOCK;
use crate::names::{DatabaseName, RoleName, SchemaName};
use crate::settings::Readers;
use crate::statement::Statement;

/// Stops the script with an error where an expression is true.
pub(crate) fn stop_where(role: &RoleName, condition: &str) -> Statement {
    let complaint = literal(&format!(
        "the role {} is used for something else: it has other attributes, groups, members or objects in other databases",
        identifier(role.as_str())
    ));
    do_block(&format!(
        "BEGIN
  {FIX_PATH_IN_BLOCK}
  IF {condition} THEN
    RAISE EXCEPTION USING MESSAGE = {complaint}, HINT = 'give stitch-pg script another --role, or --adopt-role';
  END IF;
END"
    ))
}

/// Grants `USAGE` on the schemas and `SELECT` on the relations that the role cannot reach, each chosen by a condition: on
/// `n` (`pg_namespace`), and on `c` (`pg_class`) in it.
pub(crate) fn grant_what_is_closed(role: &RoleName, schemas: &str, relations: &str) -> Statement {
    let name = quoted(role.as_str());
    do_block(&format!(
        "DECLARE t pg_catalog.text;
BEGIN
  {FIX_PATH_IN_BLOCK}
  FOR t IN SELECT n.nspname FROM pg_namespace n
           WHERE {schemas} AND NOT has_schema_privilege({name}, n.oid, 'USAGE') LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', t, {name});
  END LOOP;
  FOR t IN SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE {relations}
             AND NOT has_table_privilege({name}, c.oid, 'SELECT') LOOP
    EXECUTE format('GRANT SELECT ON %s TO %I', t, {name});
  END LOOP;
END"
    ))
}

/// Moves every table of a schema, each by name.
pub(crate) fn alter_owner_of_tables(schema: &SchemaName, owner: &RoleName, readers: Readers) -> Statement {
    let keep = match readers {
        Readers::Keep => "\n    EXECUTE format('GRANT SELECT ON TABLE %s TO %I', t, former);",
        Readers::Drop => "",
    };
    do_block(&format!(
        "DECLARE t pg_catalog.text; former pg_catalog.name;
BEGIN
  {FIX_PATH_IN_BLOCK}
  FOR t, former IN SELECT format('%I.%I', n.nspname, c.relname), pg_get_userbyid(c.relowner)
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND pg_get_userbyid(c.relowner) <> {owner} LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO %I', t, {owner});{keep}
  END LOOP;
END",
        quoted(schema.as_str()),
        owner = quoted(owner.as_str()),
    ))
}

/// A block between dollars, so that it reads as it is run.
fn do_block(body: &str) -> Statement {
    let mut tag = "$stitch$".to_owned();
    while body.contains(&tag) {
        tag.insert(1, '_');
    }
    Statement::plain(format!("DO {tag}\n{body}\n{tag}"))
}

/// True when there is a database of this name.
pub(crate) fn database_exists(name: &DatabaseName) -> String {
    let name = quoted(name.as_str());
    format!("EXISTS (SELECT 1 FROM pg_catalog.pg_database WHERE datname = {name})")
}

/// True when a new database that is copied from `template1` could not be UTF-8.
pub(crate) fn template_is_not_utf8() -> String {
    "EXISTS (SELECT 1 FROM pg_catalog.pg_database WHERE datname = 'template1' AND pg_catalog.pg_encoding_to_char(encoding) <> 'UTF8')"
        .to_owned()
}

/// True when there is a role of this name.
pub(crate) fn role_exists(name: &RoleName) -> String {
    let name = quoted(name.as_str());
    format!("EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = {name})")
}

/// True when there is no role of this name.
pub(crate) fn role_missing(name: &RoleName) -> String {
    format!("NOT {}", role_exists(name))
}

/// True when the role of this name is as a condition on `pg_roles` says.
pub(crate) fn role_has(name: &RoleName, condition: &str) -> String {
    let name = quoted(name.as_str());
    format!("EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = {name} AND {condition})")
}

/// True when the role owns anything, in whatever database.
pub(crate) fn role_owns_something(name: &RoleName) -> String {
    format!(
        "EXISTS (SELECT 1 FROM pg_catalog.pg_shdepend d JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass \
         WHERE d.deptype = 'o' AND r.rolname = {})",
        quoted(name.as_str())
    )
}

/// True when there is no schema of this name.
pub(crate) fn schema_missing(name: &SchemaName) -> String {
    let name = quoted(name.as_str());
    format!("NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = {name})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_the_block() {
        let role = "x$stitch$; DROP".parse().unwrap();
        let text = stop_where(&role, "true").to_string();
        assert!(
            text.starts_with("DO $_stitch$\n") && text.ends_with("\n$_stitch$"),
            "{text}"
        );
        assert_eq!(text.matches("$_stitch$").count(), 2, "{text}");
    }
}
