//! A database that is there already: whether Stitch can load into it.

use serde::Deserialize;

use crate::change::Plan;
use crate::finding::Code;
use crate::settings::Settings;
use crate::sql;

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
    let quoted = sql::identifier(name.as_str());
    if found.connection_limit == INVALID {
        plan.bad(
            Code::DatabaseInvalid,
            format!("the database {name:?} is invalid: a DROP DATABASE was interrupted, and the server refuses all connections to it"),
            format!("its owner {:?} runs: DROP DATABASE {quoted}; then run the same command again, which creates it", found.owner),
        )
        .concerning(name);
        return;
    }
    plan.good(
        Code::DatabaseExists,
        format!("the database {name:?} exists, owned by {:?}", found.owner),
    )
    .concerning(name);
    let mut bad = |code, what: &str, advice: String| {
        plan.bad(code, format!("the database {name:?} {what}"), advice)
            .concerning(name);
    };
    let owner_runs = |how: &str| format!("its owner runs: ALTER DATABASE {quoted} {how};");
    if found.encoding != "UTF8" {
        let what = format!(
            "has the encoding {}, and Stitch loads UTF-8: characters outside it will be refused",
            found.encoding
        );
        let advice = "an encoding cannot be changed; give --database with a new name, and stitch-pg creates it";
        bad(Code::DatabaseEncoding, &what, advice.to_owned());
    }
    if found.is_template {
        let what = "is a template: what Stitch loads would be copied into every new database";
        let advice = format!("choose another with --database, or {}", owner_runs("IS_TEMPLATE false"));
        bad(Code::DatabaseTemplate, what, advice);
    }
    if !found.allows_connections {
        let advice = owner_runs("ALLOW_CONNECTIONS true");
        bad(Code::DatabaseNoConnections, "accepts no connections at all", advice);
    }
    if found.connection_limit == 0 {
        let advice = owner_runs("CONNECTION LIMIT 20");
        bad(Code::DatabaseConnectionLimit, "has a connection limit of 0", advice);
    }
}
