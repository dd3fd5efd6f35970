//! Settings that are in force in Stitch's session, wherever they are written, and that interrupt a load: timeouts that cut
//! it off, read-only transactions, another role. What is attached to the role or the database is read from the catalog, and
//! the server's own from the administrator's session; Stitch's own session has the last word. Findings only: who set
//! them had a reason, and one of them may be for everybody.

use serde::Deserialize;

use crate::finding::{Code, Finding, Verdict};
use crate::server::InForce;
use crate::settings::Settings;
use crate::sql;

/// One setting that the server puts on every session of the role, or of everybody in the database.
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

/// `search_path` as PostgreSQL comes with it.
const USUAL_PATH: &str = "\"$user\", public";

/// How a setting bites.
struct Bite {
    how: &'static str,
    surely: bool,
    /// What a loader wants.
    harmless: &'static str,
}

impl Attached {
    /// As a session has it in force; nothing where it is nobody's setting but the server's default or the client's.
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

    fn bite(&self) -> Option<Bite> {
        let value = self.value.as_str();
        let length = milliseconds(value);
        let too_short = length.is_some_and(|length| length < SURELY_TOO_SHORT_MS);
        let interrupts = !length.is_some_and(|length| length == 0 || length >= SURELY_LONG_ENOUGH_MS);
        let (bites, surely, harmless, how) = match self.name.as_str() {
            "statement_timeout" => {
                let how = "a statement of a load that takes longer is cancelled";
                (interrupts, too_short, "0", how)
            }
            "idle_in_transaction_session_timeout" => {
                let how = "a load that waits longer between two statements is ended";
                (interrupts, too_short, "0", how)
            }
            "transaction_timeout" => {
                let how = "a load whose transaction takes longer is ended";
                (interrupts, too_short, "0", how)
            }
            "idle_session_timeout" => {
                let how = "a session that waits longer for its next load is closed";
                (interrupts, false, "0", how)
            }
            // Waiting less is no harm to a load that waits for nobody.
            "lock_timeout" => (interrupts, false, "0", "a load that waits longer for a lock fails"),
            "default_transaction_read_only" => (is_on(value), true, "off", "every load is refused"),
            "role" => {
                let how = "that role will own everything that Stitch creates, and Stitch's own privileges do not apply";
                (value != "none", true, "none", how)
            }
            "default_transaction_isolation" => {
                let how = "a load that writes the same rows as another one fails and must be repeated";
                (value != "read committed", false, "'read committed'", how)
            }
            "session_replication_role" => {
                let how = "triggers and foreign keys do not apply to Stitch's writes";
                (value != "origin", false, "'origin'", how)
            }
            "row_security" => {
                let how = "reading a table with row security policies is refused";
                (!is_on(value), false, "on", how)
            }
            "standard_conforming_strings" => {
                let how = "a backslash in a string starts an escape sequence";
                (!is_on(value), false, "on", how)
            }
            "search_path" => {
                let how = "names without a schema may resolve to other objects";
                (value != USUAL_PATH, false, USUAL_PATH, how)
            }
            "session_preload_libraries" => {
                let how = "the library is loaded at every login; if it is missing, the login fails";
                (!value.is_empty(), false, "''", how)
            }
            name if name.ends_with("statement_cost_limit") => {
                let how = "a statement with a higher estimated cost is refused";
                (!value.trim_start_matches(['0', '.']).is_empty(), false, "0", how)
            }
            _ => return None,
        };
        bites.then_some(Bite { how, surely, harmless })
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
        let overruled = attached
            .iter()
            .any(|other| other.name == setting.name && other.weight() > setting.weight());
        let Some(bite) = setting.bite().filter(|_| !overruled) else {
            continue;
        };
        let place = match (setting.role, setting.database, setting.server) {
            (true, true, _) => format!("the role {role:?} in the database {database:?}"),
            (true, false, _) => format!("the role {role:?}"),
            (false, true, _) => format!("all roles in the database {database:?}"),
            (false, false, None) => "every role".to_owned(),
            (false, false, Some(server)) => server.to_owned(),
        };
        let text = format!("{} = {} is set for {place}: {}", setting.name, setting.value, bite.how);
        let finding = Finding::new(Code::SettingInterruptsLoads, Verdict::bad_if(bite.surely), text);
        // Where it is not the role's alone, others may need it: then the role gets its own.
        let fix = if setting.role {
            sql::reset_setting(role, setting.database.then_some(database), &setting.name)
        } else {
            sql::set_setting(role, database, &setting.name, bite.harmless)
        };
        // Whoever runs it is under it as well.
        let first = if !setting.role && setting.name == "default_transaction_read_only" {
            "SET default_transaction_read_only = off; "
        } else {
            ""
        };
        found.push(
            finding
                .advise(format!("a role that may alter it runs: {first}{fix};"))
                .about(&setting.name),
        );
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

/// Uses `$1` (role) and `$2` (database).
pub(crate) const QUESTION: &str = "
    (SELECT coalesce(json_agg(json_build_object(
         'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1),
         'role', s.setrole <> 0, 'database', s.setdatabase <> 0) ORDER BY c), '[]')
     FROM pg_db_role_setting s, unnest(s.setconfig) AS c
     WHERE s.setrole IN (0::oid, (SELECT oid FROM pg_roles WHERE rolname = $1))
       AND s.setdatabase IN (0::oid, (SELECT oid FROM pg_database WHERE datname = $2))
       AND (split_part(c, '=', 1) IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout',
           'transaction_timeout', 'idle_session_timeout', 'search_path', 'default_transaction_read_only', 'role',
           'default_transaction_isolation', 'session_replication_role', 'row_security', 'standard_conforming_strings',
           'session_preload_libraries') OR split_part(c, '=', 1) LIKE '%statement_cost_limit'))";

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
