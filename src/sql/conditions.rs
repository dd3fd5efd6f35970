//! Expressions that are true when there is nothing left to do; scripts for others guard their statements by them.

use super::quoting::name as quoted;
use crate::names::{DatabaseName, RoleName, SchemaName};

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
