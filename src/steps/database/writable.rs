//! What keeps a whole server from being written to: it is read-only, or commits wait for a standby that is not there.

use serde::Deserialize;

use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::server::PostgresServer;

/// As the server reports it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Writes {
    /// This login or Stitch's role has it switched off for itself.
    is_own_off: bool,
    /// `ALTER SYSTEM` is refused: another program has the server's settings (`allow_alter_system`).
    is_managed: bool,
    /// Where commits of this login or of Stitch's wait for standbys.
    standbys: Option<Standbys>,
}

/// The standbys that commits wait for. A login that may not read `pg_stat_replication` sees its rows without a state.
#[derive(Debug, Deserialize)]
struct Standbys {
    /// `synchronous_standby_names`.
    names: String,
    needed: i64,
    /// Connected, and may or may not be the ones that are waited for.
    hidden: i64,
    connected: i64,
    /// Of those, the ones that have replayed all that they received.
    replayed: i64,
    /// `remote_apply`: commits wait until they are replayed.
    apply: bool,
}

macro_rules! question {
    () => {
        "json_build_object(
        'is_own_off', EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
            WHERE r.rolname IN (current_user, $2::text::name) AND 'default_transaction_read_only=off' = ANY (s.setconfig)),
        'is_managed', coalesce(current_setting('allow_alter_system', true), 'on') <> 'on',
        'standbys', (SELECT json_build_object('names', n.names, 'apply', 'remote_apply' = ANY (l.levels), 'hidden', r.hidden, 'connected', r.connected, 'replayed', r.replayed,
                'needed', coalesce(substring(lower(n.names) from E'^\\\\s*(?:first|any)?\\\\s*([0-9]+)\\\\s*[(]')::int, 1))
            FROM pg_settings c, (SELECT current_setting('synchronous_standby_names') AS names) n, LATERAL (SELECT ARRAY[c.setting,
                coalesce((SELECT substr(o, 20) FROM pg_db_role_setting s, unnest(s.setconfig) AS o
                    WHERE o LIKE 'synchronous_commit=%' AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = $2))
                      AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = $1))
                    ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1),
                    CASE WHEN c.source IN ('default', 'configuration file', 'command line') THEN c.setting ELSE 'on' END)] AS levels) l,
              (SELECT count(*) FILTER (WHERE r.state IS NULL) AS hidden, count(*) FILTER (WHERE r.sync_state IN ('sync', 'quorum')) AS connected,
                      count(*) FILTER (WHERE r.sync_state IN ('sync', 'quorum') AND r.replay_lsn >= r.flush_lsn) AS replayed FROM pg_stat_replication r) r
            WHERE c.name = 'synchronous_commit' AND n.names <> '' AND NOT l.levels <@ ARRAY['off', 'local']))"
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
            if writes.is_managed { "find out why (a full disk, a migration); then set default_transaction_read_only = off with the program that has the server's settings (allow_alter_system is off)" } else { "find out why (a full disk, a migration); then a superuser runs: SET default_transaction_read_only = off; ALTER SYSTEM SET default_transaction_read_only = off; SELECT pg_reload_conf();" },
        );
        return false;
    }
    writes
        .standbys
        .as_ref()
        .is_none_or(|standbys| standbys.judge(plan, writes.is_managed))
}

impl Standbys {
    /// Whether commits may end.
    fn judge(&self, plan: &mut Plan, is_managed: bool) -> bool {
        let names = crate::visible::one_line(&self.names);
        let (needed, connected) = (self.needed, self.connected);
        let is_bad = needed > connected + self.hidden;
        let (text, advice) = if is_bad {
            (
                format!("commits wait for a standby that is not connected (synchronous_standby_names = {names})"),
                if is_managed {
                    "connect the standby; or set synchronous_standby_names = '' with the program that has the server's settings (allow_alter_system is off)"
                } else {
                    "connect the standby; or a superuser runs: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();"
                },
            )
        } else if needed > connected {
            (
                format!(
                    "commits wait for a standby, and this login may not see whether it is connected (synchronous_standby_names = {names})"
                ),
                "run stitch-pg check as a superuser or a member of pg_monitor",
            )
        } else if self.apply && needed > self.replayed {
            (
                format!(
                    "commits wait until a standby has replayed them (synchronous_commit = remote_apply, synchronous_standby_names = {names}), and it has not replayed all that it received"
                ),
                "run stitch-pg check again in a minute; if this stays, a superuser runs on the standby: SELECT pg_wal_replay_resume();",
            )
        } else if self.apply {
            (
                format!(
                    "commits wait until a standby has replayed them (synchronous_commit = remote_apply, synchronous_standby_names = {names}), and only that standby shows whether its replay is paused"
                ),
                "if commits do not end, run on the standby: SELECT pg_is_wal_replay_paused(); and a superuser ends the pause there: SELECT pg_wal_replay_resume();",
            )
        } else {
            return true;
        };
        let finding = Finding::new(Code::CommitsWait, Verdict::bad_if(is_bad), text);
        plan.find(finding.advise(advice));
        !is_bad
    }
}
