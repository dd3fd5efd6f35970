//! CONNECT, CREATE and TEMPORARY on the database: granted when missing, checked again afterwards, since a GRANT that
//! did nothing is only a warning to PostgreSQL. And the attributes without which no right is of use.

use super::action::on_server;
use super::facts::{Facts, OnDatabase, RoleRow};
use crate::change::{Change, Plan};
use crate::finding::{Code, Finding};
use crate::plural::pluralize;
use crate::settings::Settings;
use crate::sql;
use crate::steps::FEW_CONNECTIONS;

/// `CREATE` for ever: every load repeats CREATE SCHEMA IF NOT EXISTS, which needs it even when the schema exists.
/// `TEMPORARY`: the loader stages rows in temporary tables.
const ALL: [&str; 3] = ["CONNECT", "CREATE", "TEMPORARY"];

pub(super) fn plan(plan: &mut Plan, settings: &Settings, facts: &Facts) {
    let (database, role) = (&settings.stitch.database, &settings.stitch.role);
    let on = facts.database.as_ref();
    // A new role, or a new database: all three are granted outright, whatever PUBLIC has, or will have, there. So the
    // plan is the same before and after the database is made, and revoking them from PUBLIC later causes no outage.
    let there = on.filter(|_| facts.role.is_some());
    let lacks = |right: &&str| there.is_none_or(|on| !on.held.iter().any(|held| held == right));
    let mut missing: Vec<&str> = ALL.into_iter().filter(lacks).collect();
    if missing.is_empty() {
        let text = format!("the role {role:?} has CONNECT, CREATE and TEMPORARY on the database {database:?}");
        plan.good(Code::DatabasePrivileges, text).concerning(database);
        return;
    }
    if there.is_some_and(|on| on.untouched) {
        missing = ALL.to_vec(); // the same for a role that was there before the database
    }
    // A GRANT of three rights by a login that may grant only one succeeds with a warning, so each is checked.
    let may_grant = |right: &&str| on.is_none_or(|on| on.grantable.iter().any(|grantable| grantable == right));
    let (ours, others): (Vec<&str>, Vec<&str>) = missing.into_iter().partition(may_grant);
    // What PUBLIC has will do where it cannot be granted outright.
    let lacking = |on: &OnDatabase| others.iter().any(|right| !on.held.iter().any(|held| held == right));
    if let Some(on) = on.filter(|on| lacking(on)) {
        plan.find(cannot(settings, facts, on, &others));
    }
    if ours.is_empty() {
        return;
    }
    let (grant, revoke) = sql::rights_on_database(&ours, database, role);
    plan.change(Change {
        summary: format!("grant {} on the database {database:?} to {role:?}", ours.join(", ")),
        why: "Stitch runs CREATE SCHEMA IF NOT EXISTS before every load and stages rows in temporary tables.",
        action: on_server(settings, grant),
        undo: Some(on_server(settings, revoke)),
    });
}

fn cannot(settings: &Settings, facts: &Facts, on: &OnDatabase, rights: &[&str]) -> Finding {
    let (database, role) = (&settings.stitch.database, &settings.stitch.role);
    let (statement, _) = sql::rights_on_database(rights, database, role);
    let (provider, owner) = (facts.keeping.provider, &on.owner);
    let advice = if provider.is_reserved_role(owner) {
        format!(
            "{owner:?} is the provider's role, and no other role can act as it: give --database with a new name, or ask the provider's support to run: {statement};"
        )
    } else {
        format!("its owner {owner:?} (or a superuser) runs: {statement};")
    };
    let (lacking, user) = (rights.join(", "), &facts.user);
    let text = format!("the role {role:?} lacks {lacking} on the database {database:?}, and {user:?} may not grant it");
    let finding = Finding::bad(Code::DatabaseCannotGrant, text).advise(advice);
    finding.about(database)
}

/// Attributes of an existing role that would keep Stitch out: NOLOGIN, an expiry date, a connection limit. Only what keeps
/// it out now is changed; what will do so later, or may, is reported.
pub(super) fn attributes(plan: &mut Plan, settings: &Settings, found: &RoleRow) {
    report(plan, settings, found);
    let role = &settings.stitch.role;
    let mut wanted = Vec::new();
    let mut undo = Vec::new();
    if !found.can_login {
        wanted.push("LOGIN");
        undo.push("NOLOGIN".to_owned());
    }
    if found.expired {
        wanted.push("VALID UNTIL 'infinity'");
        if let Some(until) = &found.valid_until {
            undo.push(format!("VALID UNTIL {}", sql::name(until)));
        }
    }
    if found.connection_limit == 0 {
        wanted.push("CONNECTION LIMIT -1");
        undo.push("CONNECTION LIMIT 0".to_owned());
    }
    if wanted.is_empty() {
        return;
    }
    let statement = sql::alter_role(role, &wanted);
    let undo: Vec<&str> = undo.iter().map(String::as_str).collect();
    if found.may_alter {
        plan.change(Change {
            summary: format!("let the role {role:?} log in ({})", wanted.join(", ")),
            why: "At present the server refuses Stitch's login.",
            action: on_server(settings, statement),
            undo: (!undo.is_empty()).then(|| on_server(settings, sql::alter_role(role, &undo))),
        });
    } else {
        let text = format!("the role {role:?} cannot log in, and this login may not alter it");
        let advice = format!("a superuser, or an administrator of that role, runs: {statement};");
        plan.bad(Code::RoleCannotAlter, text, advice).concerning(role);
    }
}

/// What lets Stitch in today.
fn report(plan: &mut Plan, settings: &Settings, found: &RoleRow) {
    let role = &settings.stitch.role;
    let mut report = |code, text: String, cure: &str| {
        let statement = sql::alter_role(role, &[cure]);
        plan.unknown(code, text, format!("a role that may alter it runs: {statement};"))
            .concerning(role);
    };
    if let Some(until) = found.valid_until.as_ref().filter(|_| !found.expired) {
        let text = format!("the role {role:?} expires at {until}: Stitch cannot log in after that");
        report(Code::RoleExpires, text, "VALID UNTIL 'infinity'");
    }
    if (1..FEW_CONNECTIONS).contains(&found.connection_limit) {
        let most = pluralize(
            usize::try_from(found.connection_limit).unwrap_or_default(),
            "connection",
        );
        let text = format!(
            "the role {role:?} may have {most} at once: with several integrations, Stitch's logins may be refused"
        );
        report(Code::RoleConnectionLimit, text, "CONNECTION LIMIT -1");
    }
}

/// Uses `$1` (role), `$2` (database) and the table `me`.
pub(super) const QUESTION: &str = "
    (SELECT json_build_object(
         'held', (SELECT coalesce(json_agg(p), '[]') FROM unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS p
                  WHERE has_database_privilege(who.name, d.oid, p)),
         'grantable', (SELECT coalesce(json_agg(p), '[]') FROM unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS p
                       WHERE me.rolsuper OR pg_has_role(me.oid, d.datdba, 'USAGE')
                           OR has_database_privilege(me.oid, d.oid, p || ' WITH GRANT OPTION')),
         'untouched', d.datacl IS NULL,
         'owner', pg_get_userbyid(d.datdba))
     FROM pg_database d, (SELECT coalesce((SELECT rolname FROM pg_roles WHERE rolname = $1), 'public')::name AS name) AS who
     WHERE d.datname = $2)";
