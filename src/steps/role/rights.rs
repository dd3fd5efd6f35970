//! CONNECT, CREATE and TEMPORARY on the database: granted when missing, looked at again afterwards, since a GRANT that
//! did nothing is only a warning to PostgreSQL.

use serde::Deserialize;

use crate::change::{Action, Change, Plan, Run, Sql};
use crate::finding::{Code, Finding};
use crate::settings::Settings;
use crate::sql;

/// The rights on the target database of the role, or of PUBLIC while the role does not exist.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one privilege's answer")]
pub(super) struct OnDatabase {
    connect: bool,
    create: bool,
    temporary: bool,
    /// Nobody has granted or revoked anything on it yet: all there is comes from the defaults.
    untouched: bool,
    owner: String,
    /// Whether this login may grant them: it owns the database (itself or by membership), or is a superuser.
    may_grant: bool,
}

/// `CREATE` for ever: every load repeats CREATE SCHEMA IF NOT EXISTS, which needs it even when the schema exists.
/// `TEMPORARY`: the loader stages rows in temporary tables.
const ALL: [&str; 3] = ["CONNECT", "CREATE", "TEMPORARY"];

pub(super) fn plan(plan: &mut Plan, settings: &Settings, on: Option<&OnDatabase>, holder: Holder, user: &str) {
    let (database, role) = (&settings.stitch.database, &settings.stitch.role);
    // A new role, or a new database: all three are granted outright, whatever PUBLIC has, or will have, there. So the
    // plan is the same before and after the database is made, and the day PUBLIC is locked out is no outage.
    let there = on.filter(|_| holder == Holder::Role);
    let mut missing: Vec<&str> = there.map_or(ALL.to_vec(), |on| {
        let held = [on.connect, on.create, on.temporary];
        ALL.into_iter()
            .zip(held)
            .filter(|(_, held)| !held)
            .map(|(name, _)| name)
            .collect()
    });
    if missing.is_empty() {
        plan.find(
            Finding::good(
                Code::DatabaseRights,
                format!(
                    "the role {:?} has CONNECT, CREATE and TEMPORARY on the database {:?}",
                    role.as_str(),
                    database.as_str()
                ),
            )
            .about(database),
        );
        return;
    }
    if there.is_some_and(|on| on.untouched) {
        missing = ALL.to_vec(); // the same for a role that was there before the database
    }
    let statement = sql::grant_on_database(&missing, database, role);
    if let Some(on) = on.filter(|on| !on.may_grant) {
        plan.find(
            Finding::bad(
                Code::DatabaseCannotGrant,
                format!(
                    "the role {:?} lacks {} on the database {:?}, and {user:?} may not grant it",
                    role.as_str(),
                    missing.join(", "),
                    database.as_str()
                ),
            )
            .advise(format!("its owner {:?} (or a superuser) runs: {statement};", on.owner))
            .about(database),
        );
        return;
    }
    plan.change(Change {
        summary: format!(
            "grant {} on the database {:?} to {:?}",
            missing.join(", "),
            database.as_str(),
            role.as_str()
        ),
        why: "Stitch runs CREATE SCHEMA IF NOT EXISTS before every load and stages rows in temporary tables.",
        action: Action::Sql(Sql {
            database: settings.admin.database.clone(),
            statements: vec![statement],
            run: Run::Together,
            unless: None,
            borrow: Vec::new(),
        }),
        undo: Some(Action::Sql(Sql {
            database: settings.admin.database.clone(),
            statements: vec![sql::revoke_on_database(&missing, database, role)],
            run: Run::Together,
            unless: None,
            borrow: Vec::new(),
        })),
    });
}

/// Whose rights were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The role's own.
    Role,
    /// What everybody has, since the role does not exist yet.
    Public,
}

/// Uses `$1` (role), `$2` (database) and the table `me`.
pub(super) const QUESTION: &str = "
    (SELECT json_build_object(
         'connect', has_database_privilege(who.name, d.oid, 'CONNECT'),
         'create', has_database_privilege(who.name, d.oid, 'CREATE'),
         'temporary', has_database_privilege(who.name, d.oid, 'TEMPORARY'),
         'untouched', d.datacl IS NULL,
         'owner', pg_get_userbyid(d.datdba),
         'may_grant', me.rolsuper OR pg_has_role(me.oid, d.datdba, 'USAGE')
             OR has_database_privilege(me.oid, d.oid, 'CREATE WITH GRANT OPTION'))
     FROM pg_database d, (SELECT coalesce((SELECT rolname FROM pg_roles WHERE rolname = $1), 'public')::name AS name) AS who
     WHERE d.datname = $2)";
