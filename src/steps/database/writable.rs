//! What keeps a whole server from being written to: it is read-only, or commits wait for a standby that is not there.

use serde::Deserialize;

use crate::change::Plan;
use crate::finding::Code;
use crate::server::PostgresServer;

/// As the server tells it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Writes {
    /// This login or Stitch's role has it switched off for itself.
    is_own_off: bool,
    /// `synchronous_standby_names`, where commits of this login or of Stitch's wait for more standbys than are connected.
    waits_for: Option<String>,
}

/// A login that may not read `pg_stat_replication` sees its rows without a state: those may be the ones that are waited for.
macro_rules! question {
    () => {
        "json_build_object(
        'is_own_off', EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
            WHERE r.rolname IN (current_user, $2::text::name) AND 'default_transaction_read_only=off' = ANY (s.setconfig)),
        'waits_for', (SELECT n.names FROM pg_settings c, (SELECT current_setting('synchronous_standby_names') AS names) n
            WHERE c.name = 'synchronous_commit' AND n.names <> ''
              AND NOT (c.setting IN ('off', 'local') AND coalesce((SELECT substr(o, 20) FROM pg_db_role_setting s, unnest(s.setconfig) AS o
                  WHERE o LIKE 'synchronous_commit=%' AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = $2))
                    AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = $1))
                  ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1),
                  CASE WHEN c.source IN ('default', 'configuration file', 'command line') THEN c.setting ELSE 'on' END) IN ('off', 'local'))
              AND coalesce(substring(lower(n.names) from '^ *(?:first|any)? *([0-9]+) *[(]')::int, 1) >
                  (SELECT count(*) FROM pg_stat_replication r WHERE r.state IS NULL OR r.sync_state IN ('sync', 'quorum'))))"
    };
}
pub(super) use question;

/// Whether changes can be made.
pub(super) fn judge(plan: &mut Plan, writes: &Writes, server: Option<&PostgresServer>) -> bool {
    let in_force = server.into_iter().flat_map(|server| &server.settings);
    let is_servers = |source: &str| ["configuration file", "command line", "environment variable"].contains(&source);
    let mut settings = in_force.filter(|setting| setting.name == "default_transaction_read_only");
    let read_only = settings.any(|setting| setting.value == "on" && is_servers(&setting.source));
    if read_only && !writes.is_own_off {
        plan.bad(
            Code::ServerReadOnly,
            "the whole server is read-only (default_transaction_read_only = on), so nothing can be created or loaded",
            "find out why (a full disk, a migration); then a superuser runs: SET default_transaction_read_only = off; ALTER SYSTEM SET default_transaction_read_only = off; SELECT pg_reload_conf();",
        );
        return false;
    }
    if let Some(names) = &writes.waits_for {
        let names = crate::visible::one_line(names);
        plan.bad(
            Code::CommitsWait,
            format!("commits wait for a standby that is not connected (synchronous_standby_names = {names})"),
            "connect the standby; or a superuser runs: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();",
        );
        return false;
    }
    true
}
