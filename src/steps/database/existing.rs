//! Whether Stitch can load into a database that is there already, and what keeps a whole server from being written to: it is
//! read-only, or commits wait for a standby that is not there.

use serde::Deserialize;

use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::server::PostgresServer;
use crate::settings::Settings;
use crate::sql;
use crate::steps::FEW_CONNECTIONS;

/// `datconnlimit` of a database that is half dropped.
const INVALID: i32 = -2;

/// As `pg_database` has it.
#[derive(Debug, Deserialize)]
pub(super) struct DatabaseRow {
    encoding: String,
    owner: String,
    allows_connections: bool,
    is_template: bool,
    connection_limit: i32,
}

pub(super) fn judge(plan: &mut Plan, settings: &Settings, found: &DatabaseRow) {
    let name = &settings.stitch.database;
    let (quoted, owner) = (sql::identifier(name.as_str()), &found.owner);
    if found.connection_limit == INVALID {
        let text = format!(
            "the database {name:?} is invalid: a DROP DATABASE was interrupted, and the server refuses all connections to it"
        );
        let advice = format!(
            "its owner {owner:?} runs: DROP DATABASE {quoted}; then run the same command again, which creates it"
        );
        plan.bad(Code::DatabaseInvalid, text, advice).concerning(name);
        return;
    }
    let text = format!("the database {name:?} exists, owned by {owner:?}");
    plan.good(Code::DatabaseExists, text).concerning(name);
    let mut find = |code, surely, what: &str, advice: String| {
        let finding = Finding::new(code, Verdict::bad_if(surely), format!("the database {name:?} {what}"));
        plan.find(finding.advise(advice).about(name));
    };
    let owner_runs = |how: &str| format!("its owner runs: ALTER DATABASE {quoted} {how};");
    let encoding = found.encoding.as_str();
    if encoding != "UTF8" {
        let (surely, so) = match encoding {
            "SQL_ASCII" => (false, "checks nothing, so others may read other characters"),
            _ => (true, "refuses characters outside it"),
        };
        let what = format!("has the encoding {encoding}, and Stitch loads UTF-8: the server {so}");
        let advice = "an encoding cannot be changed; give --database with a new name, and stitch-pg creates it";
        find(Code::DatabaseEncoding, surely, &what, advice.to_owned());
    }
    if found.is_template {
        let what = "is a template: what Stitch loads would be copied into every new database";
        let advice = format!("choose another with --database, or {}", owner_runs("IS_TEMPLATE false"));
        find(Code::DatabaseTemplate, true, what, advice);
    }
    if !found.allows_connections {
        let advice = owner_runs("ALLOW_CONNECTIONS true");
        find(Code::DatabaseNoConnections, true, "accepts no connections", advice);
    }
    let limit = found.connection_limit;
    if (0..FEW_CONNECTIONS).contains(&limit) {
        let what = format!("has a connection limit of {limit}, and Stitch opens several connections");
        let advice = owner_runs("CONNECTION LIMIT 20");
        find(Code::DatabaseConnectionLimit, limit == 0, &what, advice);
    }
}

/// What keeps every change from being made, as the server tells it.
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
pub(super) fn judge_server(plan: &mut Plan, writes: &Writes, server: Option<&PostgresServer>) -> bool {
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
