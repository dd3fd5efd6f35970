//! Settings that somebody attached to the role or the database (`ALTER ROLE … SET`, `ALTER DATABASE … SET`) and that bite a
//! loader: timeouts that cut a load off, read-only transactions, another role's shoes. Findings only: who set them had a
//! reason, and one of them may be for everybody.

use serde::Deserialize;

use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::settings::Settings;
use crate::sql;

/// One setting that the server puts on every session of the role, or of everybody in the database.
#[derive(Debug, Deserialize)]
pub(super) struct Attached {
    name: String,
    value: String,
    /// To the Stitch role, not to every role.
    role: bool,
    /// To the target database, not to every database.
    database: bool,
}

/// A load of Stitch's takes minutes. What is shorter than this ends it for sure.
const SURELY_TOO_SHORT_MS: u64 = 60_000;

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
    fn bite(&self) -> Option<Bite> {
        let timeout = |how| {
            let length = milliseconds(&self.value);
            (length != Some(0)).then(|| Bite {
                how,
                surely: length.is_some_and(|length| length < SURELY_TOO_SHORT_MS),
                harmless: "0",
            })
        };
        match self.name.as_str() {
            "statement_timeout" => timeout("a statement of a load that takes longer is cancelled"),
            "idle_in_transaction_session_timeout" => {
                timeout("a load that waits longer between two statements is cut off")
            }
            // Waiting less is no harm to a load that waits for nobody.
            "lock_timeout" => {
                timeout("a load that waits longer for a lock fails").map(|bite| Bite { surely: false, ..bite })
            }
            "default_transaction_read_only" => is_on(&self.value).then_some(Bite {
                how: "every load is refused",
                surely: true,
                harmless: "off",
            }),
            "role" => (self.value != "none").then_some(Bite {
                how: "whatever Stitch makes belongs to that other role, and its own rights do not count",
                surely: true,
                harmless: "none",
            }),
            "search_path" => (self.value != USUAL_PATH).then_some(Bite {
                how: "names without a schema are looked for elsewhere than usual",
                surely: false,
                harmless: USUAL_PATH,
            }),
            "session_preload_libraries" => (!self.value.is_empty()).then_some(Bite {
                how: "it is loaded at every login; when it cannot be, the login fails",
                surely: false,
                harmless: "''",
            }),
            _ => None,
        }
    }

    /// The more it says whom it is for, the more it counts (PostgreSQL docs, `ALTER ROLE`).
    fn weight(&self) -> u8 {
        2 * u8::from(self.role) + u8::from(self.database)
    }
}

pub(super) fn plan(plan: &mut Plan, settings: &Settings, attached: &[Attached]) {
    let (role, database) = (&settings.stitch.role, &settings.stitch.database);
    for setting in attached {
        let overruled = attached
            .iter()
            .any(|other| other.name == setting.name && other.weight() > setting.weight());
        let Some(bite) = setting.bite().filter(|_| !overruled) else {
            continue;
        };
        let place = match (setting.role, setting.database) {
            (true, true) => format!("the role {role:?} in the database {database:?}"),
            (true, false) => format!("the role {role:?}"),
            (false, true) => format!("everybody in the database {database:?}"),
            (false, false) => "every role".to_owned(),
        };
        let text = format!("{} = {} is set for {place}: {}", setting.name, setting.value, bite.how);
        let finding = Finding::new(Code::SettingBites, Verdict::bad_if(bite.surely), text);
        // Where it is not the role's alone, others may need it: then the role gets its own.
        let cure = if setting.role {
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
        plan.find(
            finding
                .advise(format!("who may alter the role runs: {first}{cure};"))
                .about(&setting.name),
        );
    }
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
pub(super) const QUESTION: &str = "
    (SELECT coalesce(json_agg(json_build_object(
         'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1),
         'role', s.setrole <> 0, 'database', s.setdatabase <> 0) ORDER BY c), '[]')
     FROM pg_db_role_setting s, unnest(s.setconfig) AS c
     WHERE s.setrole IN (0::oid, (SELECT oid FROM pg_roles WHERE rolname = $1))
       AND s.setdatabase IN (0::oid, (SELECT oid FROM pg_database WHERE datname = $2))
       AND split_part(c, '=', 1) IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout',
           'search_path', 'default_transaction_read_only', 'role', 'session_preload_libraries'))";

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
