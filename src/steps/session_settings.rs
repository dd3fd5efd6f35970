//! Settings that are in force in Stitch's session, wherever they are written, and that interrupt a load: timeouts that cut
//! it off, read-only transactions, another role. What is attached to the role or the database is read from the catalog, and
//! the server's own from the administrator's session; what Stitch's own session reports counts most. Findings only: they were
//! set for a reason, and may be for all roles.

use serde::Deserialize;

use crate::finding::{Code, Finding, Verdict};
use crate::server::InForce;
use crate::settings::Settings;
use crate::sql;

/// One setting that the server puts on every session of the role, or of all roles in the database.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Attached {
    name: String,
    value: String,
    /// To the Stitch role, not to every role.
    role: bool,
    /// To the target database, not to every database.
    database: bool,
    /// To the server itself: where it is written.
    #[serde(skip)]
    server: Option<&'static str>,
}

/// A load of Stitch's takes minutes. What is shorter than this ends it for sure.
const SURELY_TOO_SHORT_MS: u64 = 60_000;

/// No load takes a day.
const SURELY_LONG_ENOUGH_MS: u64 = 86_400_000;

impl Attached {
    /// As a session has it in force; none where it is only the server's default or the client's own setting.
    pub(crate) fn of(seen: &InForce) -> Option<Self> {
        let (role, database, server) = match seen.source.as_str() {
            "configuration file" => (false, false, Some("the server (postgresql.conf, or ALTER SYSTEM)")),
            "command line" => (false, false, Some("the server (its command line)")),
            "environment variable" => (false, false, Some("the server (its environment)")),
            "global" => (false, false, None),
            "database" => (false, true, None),
            "user" => (true, false, None),
            "database user" => (true, true, None),
            _ => return None,
        };
        Some(Self {
            name: seen.name.clone(),
            value: seen.value.clone(),
            role,
            database,
            server,
        })
    }

    /// The same where it is the server's own, which holds for every session.
    pub(crate) fn of_server(seen: &InForce) -> Option<Self> {
        Self::of(seen).filter(|attached| attached.server.is_some())
    }

    /// How it interrupts a load, whether it surely does, and what a loader wants.
    fn bite(&self) -> Option<(&'static str, bool, &'static str)> {
        let (name, value) = (self.name.as_str(), self.value.as_str());
        let how = match name {
            "statement_timeout" => "a statement of a load that takes longer is cancelled",
            "idle_in_transaction_session_timeout" => "a load that waits longer between two statements is ended",
            "transaction_timeout" => "a load whose transaction takes longer is ended",
            "idle_session_timeout" => "a session that waits longer for its next load is closed",
            // A shorter timeout does no harm to a load that waits for no lock.
            "lock_timeout" => "a load that waits longer for a lock fails",
            "default_transaction_read_only" => "every load is refused",
            "role" => "that role will own everything that Stitch creates, and Stitch's own privileges do not apply",
            "default_transaction_isolation" => {
                "a load that writes the same rows as another one fails and must be repeated"
            }
            "session_replication_role" => "triggers and foreign keys do not apply to Stitch's writes",
            "row_security" => "reading a table with row security policies is refused",
            "standard_conforming_strings" => "a backslash in a string starts an escape sequence",
            "search_path" => "names without a schema may resolve to other objects",
            "session_preload_libraries" | "local_preload_libraries" => {
                "the library is loaded at every login; if it is missing, the login fails"
            }
            "temp_file_limit" => "a statement that needs more temporary files is cancelled",
            "default_tablespace" => "the role may not create tables in that tablespace",
            _ if name.ends_with("statement_cost_limit") => "a statement with a higher estimated cost is refused",
            _ => return None,
        };
        let harmless = match name {
            "default_transaction_read_only" => "off",
            "row_security" | "standard_conforming_strings" => "on",
            "role" => "none",
            "default_transaction_isolation" => "'read committed'",
            "session_replication_role" => "'origin'",
            "search_path" => "\"$user\", public",
            "temp_file_limit" => "-1",
            _ if name.ends_with("_timeout") || name.ends_with("_limit") => "0",
            _ => "''",
        };
        let length = milliseconds(value).filter(|_| name.ends_with("_timeout"));
        let interrupts = match harmless {
            "0" => {
                length.is_none_or(|length| length < SURELY_LONG_ENOUGH_MS)
                    && !value.trim_start_matches(['0', '.']).is_empty()
            }
            "on" | "off" => is_on(value) != is_on(harmless),
            _ => value != harmless.trim_matches('\''),
        };
        let surely = match name {
            "statement_timeout" | "idle_in_transaction_session_timeout" | "transaction_timeout" => {
                length.is_some_and(|length| length < SURELY_TOO_SHORT_MS)
            }
            _ => ["default_transaction_read_only", "role", "default_tablespace"].contains(&name),
        };
        interrupts.then_some((how, surely, harmless))
    }

    fn weight(&self) -> u8 {
        u8::from(self.server.is_none()) + 4 * u8::from(self.role) + 2 * u8::from(self.database)
    }
}

/// What of it interrupts a load.
pub(crate) fn findings(settings: &Settings, attached: &[Attached]) -> Vec<Finding> {
    let (role, database) = (&settings.stitch.role, &settings.stitch.database);
    let mut found = Vec::new();
    for setting in attached {
        let stronger = |other: &Attached| other.name == setting.name && other.weight() > setting.weight();
        let overruled = attached.iter().any(stronger);
        let Some((how, surely, harmless)) = setting.bite().filter(|_| !overruled) else {
            continue;
        };
        let place = match (setting.role, setting.database, setting.server) {
            (true, true, _) => format!("the role {role:?} in the database {database:?}"),
            (true, false, _) => format!("the role {role:?}"),
            (false, true, _) => format!("all roles in the database {database:?}"),
            (false, false, None) => "every role".to_owned(),
            (false, false, Some(server)) => server.to_owned(),
        };
        let text = format!("{} = {} is set for {place}: {}", setting.name, setting.value, how);
        let finding = Finding::new(Code::SettingInterruptsLoads, Verdict::bad_if(surely), text);
        // Where it is not the role's alone, others may need it: then the role gets its own.
        let fix = if setting.role {
            sql::reset_setting(role, setting.database.then_some(database), &setting.name)
        } else {
            sql::set_setting(role, database, &setting.name, harmless)
        };
        // The setting also applies to the session that runs the statement.
        let first = match setting.name.as_str() {
            "default_transaction_read_only" if !setting.role => "SET default_transaction_read_only = off; ",
            _ => "",
        };
        let advice = format!("a role that may alter it runs: {first}{fix};");
        found.push(finding.advise(advice).about(&setting.name));
    }
    found
}

fn is_on(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    matches!(value.as_str(), "on" | "true" | "yes" | "1" | "t" | "y")
}

/// A duration as PostgreSQL writes it, milliseconds where there is no unit.
fn milliseconds(value: &str) -> Option<u64> {
    let value = value.trim();
    let digits = value.len() - value.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = value.split_at(digits);
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok().map(|number| number.saturating_mul(factor))
}

/// Uses `$1` (role) and `$2` (database). `default_tablespace` has its value only where that is closed to the role. A role that
/// it may not become is none: the login ignores it.
pub(crate) const QUESTION: &str = "
    (SELECT coalesce(json_agg(json_build_object('name', x.name, 'role', x.role, 'database', x.database, 'value',
         CASE WHEN x.name = 'role' AND NOT EXISTS (SELECT 1 FROM pg_roles s JOIN pg_roles g ON s.rolname = $1 AND g.rolname = x.value
             AND pg_has_role(s.oid, g.oid, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)) THEN 'none'
         WHEN x.name <> 'default_tablespace' OR EXISTS (SELECT 1 FROM pg_tablespace t WHERE t.spcname = x.value
             AND t.oid IS DISTINCT FROM (SELECT dattablespace FROM pg_database WHERE datname = $2)
             AND NOT has_tablespace_privilege(coalesce((SELECT rolname FROM pg_roles WHERE rolname = $1), 'public'), t.oid, 'CREATE'))
         THEN x.value ELSE '' END) ORDER BY x.name, x.value), '[]')
     FROM (SELECT split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value, s.setrole <> 0 AS role, s.setdatabase <> 0 AS database
         FROM pg_db_role_setting s, unnest(s.setconfig) AS c
         WHERE s.setrole IN (0::oid, (SELECT oid FROM pg_roles WHERE rolname = $1))
           AND s.setdatabase IN (0::oid, (SELECT oid FROM pg_database WHERE datname = $2))
         UNION SELECT name, setting, false, false FROM pg_settings
         WHERE name = 'default_tablespace' AND source IN ('configuration file', 'command line')) AS x)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_postgresql_writes_them() {
        for (text, length) in [
            ("0", Some(0)),
            ("500", Some(500)),
            ("5s", Some(5_000)),
            ("1 min", Some(60_000)),
        ] {
            assert_eq!(milliseconds(text), length, "{text}");
        }
        assert_eq!(milliseconds("soon"), None);
    }
}
