//! Whose role it is: one that this tool or the guide made for Stitch has no powers, no members and nothing outside the
//! target database. Any other role is used for something else, and is taken only with `--adopt-role`.

use std::ops::ControlFlow;

use anyhow::Result;

use super::facts::{OwnershipSigns, RoleRow};
use crate::change::Plan;
use crate::finding::Code;
use crate::settings::{Adopt, Settings};
use crate::sql;
use crate::world::DatabaseHandle;

/// The schemas of the target database in which the role owns relations, and Stitch's loader has left no mark; those that
/// were named as Stitch's are.
pub(super) async fn unrelated_schemas(settings: &Settings, place: &DatabaseHandle) -> Result<Vec<String>> {
    let mut schemas: Vec<String> = place.ask(STRANGE, &[settings.stitch.role.as_str()]).await?;
    schemas.retain(|schema| !settings.ownership.schemas.names(schema));
    Ok(schemas)
}

/// Other databases in which it owns what Stitch loads there and nothing else: a restored copy, a second destination.
pub(super) async fn loads_there(settings: &Settings, place: &DatabaseHandle) -> Result<bool> {
    place.ask(LOADS_THERE, &[settings.stitch.role.as_str()]).await
}

/// Stops where it is used for something else, unless `--adopt-role` allows it.
pub(super) fn plan(plan: &mut Plan, settings: &Settings, found: &RoleRow) -> ControlFlow<()> {
    let (role, name) = (&settings.stitch.role, settings.stitch.role.as_str());
    let ties = found.ties.described();
    let (code, text, never) = if found.superuser {
        let text = format!("the role {name:?} is a superuser: Stitch would control the whole server");
        (Code::RoleSuperuser, text, "it would keep its attributes")
    } else if !found.can_login && !found.ties.members.is_empty() {
        let members = found.ties.members.join(", ");
        let text =
            format!("the role {name:?} cannot log in and has members ({members}): it is a group, not Stitch's login");
        (Code::RoleIsGroup, text, "it would get LOGIN")
    } else if !ties.is_empty() {
        let text = format!("the role {name:?} is used for something else: {}", ties.join("; "));
        (Code::RoleInUse, text, "it would keep all of this")
    } else {
        return ControlFlow::Continue(());
    };
    if settings.stitch.adopt == Adopt::Yes {
        let text = format!("used because of --adopt-role: {text}");
        let advice = "a separate role is better: give a new name with --role";
        plan.unknown(Code::RoleAdopted, text, advice).concerning(role);
        return ControlFlow::Continue(());
    }
    let advice = format!("give a separate role with --role, or use this one with --adopt-role ({never})");
    plan.bad(code, text, advice).concerning(role);
    ControlFlow::Break(())
}

impl OwnershipSigns {
    fn described(&self) -> Vec<String> {
        let some = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
        let ours = self.ours.then(|| "this run logs in as it".to_owned());
        [
            ours,
            some("it has the attributes", &self.powers),
            some("it is a member of", &self.groups),
            some("it has the members", &self.members),
            some("it owns objects in other databases:", &self.elsewhere),
            some(
                "it owns objects that Stitch did not create, in the schema",
                &self.unrelated_schemas,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The same as an expression, true when a role of this name is used for something else; for a script that checks by itself.
pub(super) fn condition(settings: &Settings) -> String {
    let ties = QUESTION.replace("$2", &sql::literal(settings.stitch.database.as_str()));
    format!(
        "EXISTS (SELECT 1 FROM pg_roles r, pg_roles me, json_each_text({ties}) AS tie
              WHERE r.rolname = {} AND me.rolname = current_user
                AND (r.rolsuper OR tie.value NOT IN ('[]', '{{}}', 'false')))",
        sql::literal(settings.stitch.role.as_str())
    )
}

/// `r` is the role, `me` this login; `$2` the target database. A role that administers others can act as any of them, so its
/// memberships (16 and newer: the one every creator gets) are no sign. Nor are open sessions: Stitch has some.
pub(super) const QUESTION: &str = "
    json_build_object(
        'powers', array_remove(ARRAY[CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
            CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL),
        'members', (SELECT coalesce(json_agg(DISTINCT p.rolname), '[]') FROM pg_auth_members m JOIN pg_roles p ON p.oid = m.member
                    WHERE m.roleid = r.oid AND p.oid <> me.oid AND p.rolname <> session_user
                      AND NOT p.rolsuper AND NOT p.rolcreaterole
                      AND NOT EXISTS (SELECT 1 FROM pg_auth_members a
                                      WHERE a.roleid = r.oid AND a.member = p.oid AND a.admin_option)),
        'groups', (SELECT coalesce(json_agg(DISTINCT g.rolname), '[]') FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                   WHERE m.member = r.oid AND g.rolname <> 'rds_password'),
        'elsewhere', (SELECT coalesce(json_agg(DISTINCT d.datname), '[]')
                      FROM pg_shdepend s JOIN pg_database d
                          ON d.oid = CASE WHEN s.classid = 'pg_database'::regclass THEN s.objid ELSE s.dbid END
                      WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND s.deptype = 'o' AND d.datname <> $2),
        'ours', r.oid = me.oid OR r.rolname = session_user)";

/// The schemas in which the role `$1` owns relations, and whether a table there has a column of Stitch's: then Stitch loads the
/// schema. What a role owns is looked up in `pg_shdepend`, and what is in a schema in `pg_depend`: both have an index for it.
macro_rules! owned_schemas {
    ($wanted:literal) => {
        concat!(
            "
WITH owned AS (
    SELECT DISTINCT c.relnamespace AS oid
    FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_shdepend d ON d.refclassid = 'pg_catalog.pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o'
        AND d.classid = 'pg_catalog.pg_class'::regclass
        AND d.dbid = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())
    JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
    -- A partition or child goes with its parent, wherever it is.
    WHERE r.rolname = $1 AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relowner = c.relowner
        WHERE i.inhrelid = c.oid)),
marked AS (
    SELECT n.nspname, (SELECT true FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class t ON t.oid = d.objid AND t.relkind IN ('r', 'p')
            JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attname LIKE '\\_sdc\\_%' AND NOT a.attisdropped
        WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid AND d.classid = 'pg_catalog.pg_class'::regclass
          AND t.relnamespace = n.oid LIMIT 1) IS NOT NULL AS loaded
    FROM owned o JOIN pg_catalog.pg_namespace n ON n.oid = o.oid)
SELECT ",
            $wanted,
            "::text FROM marked"
        )
    };
}

/// Those that Stitch does not load.
const STRANGE: &str =
    owned_schemas!("coalesce(pg_catalog.json_agg(nspname ORDER BY nspname) FILTER (WHERE NOT loaded), '[]')");

/// Whether Stitch loads all of them.
const LOADS_THERE: &str = owned_schemas!("coalesce(pg_catalog.bool_and(loaded), false)");
