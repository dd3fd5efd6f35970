//! CONNECT, CREATE and TEMPORARY on the database: granted when missing, looked at again afterwards, since a GRANT that
//! did nothing is only a warning to PostgreSQL.

use super::action::on_server;
use super::facts::{Facts, OnDatabase};
use crate::change::{Change, Plan};
use crate::finding::{Code, Finding};
use crate::settings::Settings;
use crate::sql;

/// `CREATE` for ever: every load repeats CREATE SCHEMA IF NOT EXISTS, which needs it even when the schema exists.
/// `TEMPORARY`: the loader stages rows in temporary tables.
const ALL: [&str; 3] = ["CONNECT", "CREATE", "TEMPORARY"];

pub(super) fn plan(plan: &mut Plan, settings: &Settings, facts: &Facts) {
    let (database, role) = (&settings.stitch.database, &settings.stitch.role);
    let on = facts.database.as_ref();
    // A new role, or a new database: all three are granted outright, whatever PUBLIC has, or will have, there. So the
    // plan is the same before and after the database is made, and the day PUBLIC is locked out is no outage.
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
    // A GRANT of three rights by who may grant one of them is a success with a warning, so each is asked about.
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
