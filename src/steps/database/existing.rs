//! A database that is there already: whether Stitch can load into it.

use serde::Deserialize;

use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
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
            "SQL_ASCII" => (false, "checks no text, so other clients may read other characters"),
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
