//! The lock by which several runs take turns.

use std::time::Duration;

use super::quoting::name as quoted;
use super::search_path::FIX_PATH_ONCE;
use crate::statement::Statement;

/// Waits until no other run is in the middle of a change about this database, for so long; to stand in front of the
/// statements of one transaction, for which it also settles where names are looked for. What the statements themselves wait
/// for a lock is the session's business again.
pub(crate) fn take_turn(database: &str, wait: Duration) -> Statement {
    Statement::plain(format!(
        "{FIX_PATH_ONCE}; SET LOCAL lock_timeout = {}; \
         SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('stitch-pg'), pg_catalog.hashtext({})); \
         SET LOCAL lock_timeout TO DEFAULT",
        wait.as_millis(),
        quoted(database)
    ))
}

/// Who is in the middle of one, or null; `$1`: the database that the change is about. A lock's numbers are told unsigned.
pub(crate) const TURN_HOLDER: &str = "
SELECT coalesce((
    SELECT json_build_object('pid', l.pid, 'user', a.usename, 'application', nullif(a.application_name, ''),
                             'host', host(a.client_addr), 'since', to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'))
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid::bigint = hashtext('stitch-pg')::bigint & 4294967295 AND l.objid::bigint = hashtext($1)::bigint & 4294967295
    LIMIT 1), 'null')::text";
