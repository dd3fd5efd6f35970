//! Plays rows: many in one database, each in schemas of its own, so that a row costs little.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::Postgres;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::{Said, Wizard};
use crate::truth::row::{LOAD, Row};
use crate::truth::rows;

/// Who is there besides.
const ROLES: &str =
    "set role dba; create role loader; create role team; create role bi in role team; create role app in role loader;
    reset role; create role boss superuser; grant create on database stitch to loader, boss";

/// Who runs the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admin {
    Superuser,
    /// CREATEDB and CREATEROLE, as managed services have it.
    Dba,
}

/// What the program says of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nothing.
    Fine,
    /// Something that cannot be known, by these codes.
    Unsure(Vec<String>),
    /// It does not work, by these codes.
    Refused(Vec<String>),
}

/// What came of a row.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) admin: Admin,
    pub(crate) row: Row,
    pub(crate) claim: Claim,
    /// The first act that was refused, and the server's words.
    pub(crate) refused: Option<(String, String)>,
    /// Why it is untrue.
    pub(crate) broken: Option<String>,
}

/// A row and the schema that is its own.
type Placed = (Row, String);

/// Reported of every schema that was moved, whatever is in it.
const GENERAL: [&str; 3] = ["schema-weak-evidence", "objects-not-transferred", "schema-not-chosen"];

/// Rows in which nothing is amiss, alone, so that the verdict is *ready*; then all others.
pub(crate) fn all(server: &Postgres<'_>, admin: Admin) -> Vec<Played> {
    let fits = |row: &Row| row.since <= server.major() && (admin == Admin::Superuser || !row.boss);
    let rows = rows::all().into_iter().filter(fits);
    let (fine, problems): (Vec<Row>, Vec<Row>) = rows.partition(|row| row.says.is_empty());
    let everywhere: Vec<Row> = rows::EVERYWHERE.iter().copied().filter(fits).collect();
    let wizard = match admin {
        Admin::Superuser => Wizard::new(server),
        Admin::Dba => Wizard::dba(server),
    };
    wizard.setup().exits(0);
    server.psql(ROLES);
    let mut played = Vec::new();
    let mut numbered = 0;
    for (rows, exit) in [(fine, 0), (problems, 4), (everywhere, 0)] {
        let place = |row: Row| {
            numbered += 1;
            (row, format!("r{numbered:03}"))
        };
        let states: Vec<Placed> = rows.into_iter().map(place).collect();
        played.extend(together(server, admin, &wizard, &states, exit));
    }
    played
}

/// Makes the states, runs the program once for all of them, and does what the rows say.
fn together(server: &Postgres<'_>, admin: Admin, wizard: &Wizard<'_>, rows: &[Placed], exit: i32) -> Vec<Played> {
    let (mut chosen, mut states) = (Vec::new(), String::new());
    for (row, schema) in rows {
        let maker = if row.boss { "boss" } else { "loader" };
        let state = row.sql.replace("{s}", schema);
        let _ = writeln!(
            states,
            "reset role; create schema {schema} authorization {maker}; set role {maker}; set search_path = {schema};\n{state};"
        );
        chosen.push(schema.clone());
        if row.sql.contains("{s}_b") {
            chosen.push(format!("{schema}_b"));
        }
    }
    server.psql_in("stitch", &states);
    let wizard = wizard.clone().set("--schema", &chosen.join(",")).flag("--adopt-role");
    let plan = wizard.run("plan").exits(0);
    wizard.setup().exits(exit);
    let check = wizard.check().exits(exit);
    assert_eq!(
        check.json["result"],
        if exit == 0 { "ready" } else { "attention" },
        "{check}"
    );
    let refused = refusals(server, rows);
    let one =
        |((row, schema), refused): (&Placed, _)| one((server.major(), admin), *row, schema, (&plan, &check), refused);
    rows.iter().zip(refused).map(one).collect()
}

fn one(
    (major, admin): (u32, Admin),
    row: Row,
    schema: &str,
    (plan, check): (&Said, &Said),
    refused: Option<(String, String)>,
) -> Played {
    let before = claim(&plan.json, schema, row.third);
    // What others lose is over when it is checked.
    let claim = if row.third {
        before.clone()
    } else {
        claim(&check.json, schema, false)
    };
    let codes = |claim: &Claim| match claim {
        Claim::Fine => Vec::new(),
        Claim::Unsure(codes) | Claim::Refused(codes) => codes.clone(),
    };
    let is_said = |claim: &Claim| row.says.is_empty() || codes(claim).iter().any(|code| code == row.says);
    let why = if matches!(claim, Claim::Fine) && refused.is_some() {
        Some("it is said to work, and does not")
    } else if matches!(claim, Claim::Refused(_)) && refused.is_none() {
        Some("it is said not to work, and does")
    } else if row.says.is_empty() && claim != Claim::Fine && !row.third {
        Some("something is said, where nothing is amiss")
    } else if !is_said(&claim) {
        Some("it is not said by the code of the row")
    } else if !(is_said(&before) || row.hidden && admin == Admin::Dba) {
        Some("it is not said before the move")
    } else {
        None
    };
    let broken = why.map(|why| {
        format!(
            "PostgreSQL {}, {admin:?}, {} ({schema}): {why}\n  before: {before:?}\n  said: {claim:?}, wanted {:?}\n  happened: {refused:?}",
            major,
            row.state,
            row.says,
        )
    });
    Played {
        admin,
        row,
        claim,
        refused,
        broken,
    }
}

/// Does what the rows say, each statement in a transaction of its own; of each row the first that is refused, and why.
fn refusals(server: &Postgres<'_>, rows: &[Placed]) -> Vec<Option<(String, String)>> {
    let mut lines = vec![(usize::MAX, "\\set ON_ERROR_STOP off".to_owned())];
    for (number, (row, schema)) in rows.iter().enumerate() {
        for (role, sql) in if row.acts.is_empty() { LOAD } else { row.acts } {
            let sql = sql.replace("{s}", schema);
            lines.push((number, format!("set session authorization {role}; {sql};")));
        }
    }
    // So that what psql complained about comes back.
    lines.push((usize::MAX, "\\set ON_ERROR_STOP on\nselect 1 / 0;".to_owned()));
    let script: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
    let complaints = server.try_psql_as("postgres", POSTGRES_PASSWORD, "stitch", &script.join("\n"));
    let mut refused = vec![None; rows.len()];
    // psql:<stdin>:3: ERROR:  permission denied for table t
    let complaints = complaints.expect_err("the last line fails");
    for (place, words) in complaints.lines().filter_map(|line| line.split_once(": ERROR:  ")) {
        let line = place.rsplit(':').next().and_then(|line| line.parse::<usize>().ok());
        let Some((number, act)) = line.and_then(|line| lines.get(line.checked_sub(1)?)) else {
            continue;
        };
        if let Some(first @ None) = refused.get_mut(*number) {
            *first = Some((act.clone(), words.to_owned()));
        }
    }
    refused
}

/// What a report says of a schema.
fn claim(report: &Value, schema: &str, third: bool) -> Claim {
    let steps = report["steps"].as_array().into_iter().flatten();
    let findings = steps.filter_map(|step| step["findings"].as_array()).flatten();
    let about = |finding: &&Value| {
        let subject = finding["subject"].as_str().unwrap_or_default();
        let text = finding["text"].as_str().unwrap_or_default();
        let (place, _) = subject.split_once('.').unwrap_or((subject, ""));
        place == schema
            || place == format!("{schema}_b")
            || third && ['_', '.'].iter().any(|next| text.contains(&format!("{schema}{next}")))
    };
    let (mut unsure, mut refused) = (Vec::new(), Vec::new());
    for finding in findings.filter(about) {
        let code = finding["code"].as_str().unwrap_or_default().to_owned();
        let is_forecast = code.starts_with("impact-");
        if GENERAL.contains(&code.as_str()) || is_forecast != third {
            continue;
        }
        match finding["verdict"].as_str() {
            // What others lose is never a problem by itself.
            Some("unknown") if third => refused.push(code),
            Some("unknown") => unsure.push(code),
            Some("bad") => refused.push(code),
            _ => {}
        }
    }
    match (refused.is_empty(), unsure.is_empty()) {
        (false, _) => Claim::Refused(refused),
        (true, false) => Claim::Unsure(unsure),
        (true, true) => Claim::Fine,
    }
}
