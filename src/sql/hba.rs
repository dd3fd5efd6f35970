//! Statements about `pg_hba.conf`.

use crate::statement::Statement;

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
