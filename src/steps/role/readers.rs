//! Readers keep reading: what Stitch makes later is readable by the roles named with `--reader`, through default
//! privileges of Stitch's own role. (Those of another role do not apply to what Stitch makes.)

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use super::facts::Facts;
use crate::change::{Action, Change, Membership, Plan, Sql, TemporaryMembership};
use crate::finding::Code;
use crate::names::RoleName;
use crate::plural::pluralize;
use crate::settings::Settings;
use crate::sql;
use crate::statement::Statement;
use crate::world::DatabaseHandle;

/// What the readers lack in the target database.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Readers {
    /// Readers that have the default privileges.
    granted: Vec<String>,
    /// What is Stitch's already and closed to a reader: schema, reader, and tables.
    closed: Vec<HiddenTables>,
}

/// What one reader cannot see of one schema of Stitch's.
#[derive(Debug, Deserialize)]
struct HiddenTables {
    schema: String,
    reader: String,
    /// Whether the schema itself is.
    usage: bool,
    tables: Vec<String>,
}

/// What this login may do for Stitch's role.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReaderPrivileges {
    version_num: i32,
    /// Readers that exist.
    known: Vec<String>,
    /// It is a superuser, or a member that inherits.
    acts_for: bool,
    /// It may grant the membership.
    can_grant: bool,
    /// It has granted it to itself before.
    held: bool,
    /// What it grants itself of a role that it makes.
    self_grant: String,
}

pub(super) async fn inspect(settings: &Settings, place: &DatabaseHandle) -> Result<Option<Readers>> {
    let stitch = &settings.stitch;
    if stitch.readers.is_empty() {
        return Ok(None);
    }
    let readers = json!(stitch.readers).to_string();
    place.ask(SEEN, &[stitch.role.as_str(), &readers]).await.map(Some)
}

pub(super) fn plan(plan: &mut Plan, settings: &Settings, facts: &Facts) {
    for reader in &settings.stitch.readers {
        let has = |names: &[String]| names.iter().any(|name| name == reader.as_str());
        if !facts.is_offline() && !has(&facts.standing.known) {
            let text = format!("there is no role {reader:?} to read what Stitch makes (--reader)");
            let advice = "check the spelling (case matters), or ask a role with CREATEROLE to create it";
            plan.bad(Code::ReaderMissing, text, advice).concerning(reader);
            continue;
        }
        if facts.seen.as_ref().is_some_and(|seen| has(&seen.granted)) {
            let text = format!("{reader:?} will see the schemas and tables that Stitch makes");
            plan.good(Code::ReaderReady, text).concerning(reader);
        } else {
            let role = &settings.stitch.role;
            let summary = format!("let {reader:?} read what {role:?} will make");
            one(plan, settings, facts, &summary, sql::reading_by_default(role, reader));
        }
        present(plan, settings, facts, reader);
    }
}

/// What is there already.
fn present(plan: &mut Plan, settings: &Settings, facts: &Facts, reader: &RoleName) {
    let closed = facts.seen.iter().flat_map(|seen| &seen.closed);
    let schemas: BTreeMap<&str, &HiddenTables> = closed
        .filter(|closed| closed.reader == reader.as_str())
        .map(|closed| (closed.schema.as_str(), closed))
        .collect();
    for (schema, closed) in schemas {
        let usage = closed.usage.then(|| sql::usage_of_schema(schema, reader));
        let select = (!closed.tables.is_empty()).then(|| sql::select_on(schema, &closed.tables, reader));
        let grants = usage.into_iter().chain(select).unzip();
        let summary = format!(
            "let {reader:?} read the schema {schema:?} and {} in it",
            pluralize(closed.tables.len(), "table")
        );
        one(plan, settings, facts, &summary, grants);
    }
}

fn one(
    plan: &mut Plan,
    settings: &Settings,
    facts: &Facts,
    summary: &str,
    (statements, back): (Vec<Statement>, Vec<Statement>),
) {
    let (role, database) = (&settings.stitch.role, &settings.stitch.database);
    let Some(memberships) = memberships(settings, facts) else {
        let lines: Vec<String> = statements.iter().map(|statement| format!("{statement};")).collect();
        let text = format!("only {role:?} or one of its members can {summary}, and this login is neither");
        let advice = format!("a superuser runs in the database {database:?}: {}", lines.join(" "));
        plan.bad(Code::ReaderCannotGrant, text, advice).concerning(database);
        return;
    };
    let action = |statements| {
        Action::Sql(Sql {
            memberships: memberships.clone(),
            ..Sql::together(database, statements)
        })
    };
    plan.change(Change {
        summary: summary.to_owned(),
        why: "Stitch's role owns everything that Stitch creates. Other roles cannot read it without this.",
        undo: Some(action(back)),
        action: action(statements),
    });
}

/// The memberships that must be borrowed, if any; `None` where they cannot be. The creator of a role administers it, and 16
/// and newer may be set to grant more. Offline it is not known which role runs the script.
fn memberships(settings: &Settings, facts: &Facts) -> Option<Vec<TemporaryMembership>> {
    let (me, makes_role) = (&facts.standing, facts.role.is_none());
    if facts.is_offline() || me.acts_for || makes_role && me.self_grant.contains("inherit") {
        return Some(Vec::new());
    }
    (makes_role || me.can_grant).then_some(())?;
    let makes_it = me.self_grant.contains("set");
    let held = if makes_role { makes_it } else { me.held };
    let role = settings.stitch.role.clone();
    let lent = TemporaryMembership::new(role, &facts.user, Membership::Inherit, me.version_num, held)?;
    Some(vec![lent])
}

/// Uses `me`, `$1` (the role) and `$3` (the readers as JSON).
pub(super) const STANDING: &str = "
    (SELECT json_build_object(
         'version_num', v.num,
         'known', (SELECT coalesce(json_agg(rolname), '[]') FROM pg_roles WHERE rolname IN (SELECT json_array_elements_text($3::json))),
         'acts_for', me.rolsuper OR coalesce(pg_has_role(me.oid, s.oid, 'USAGE'), false),
         'can_grant', coalesce(pg_has_role(me.oid, s.oid, 'MEMBER WITH ADMIN OPTION')
                               OR (v.num < 160000 AND me.rolcreaterole AND NOT s.rolsuper), false),
         'held', EXISTS (SELECT 1 FROM pg_auth_members m
                         WHERE m.roleid = s.oid AND m.member = me.oid AND (v.num < 160000 OR m.grantor = me.oid)),
         'self_grant', coalesce(current_setting('createrole_self_grant', true), ''))
     FROM (SELECT current_setting('server_version_num')::int AS num) AS v LEFT JOIN pg_roles s ON s.rolname = $1)";

/// `$1`: the role, `$2`: the readers as JSON.
const SEEN: &str = "
WITH s AS (SELECT oid FROM pg_roles WHERE rolname = $1),
     r AS (SELECT oid, rolname FROM pg_roles WHERE rolname IN (SELECT json_array_elements_text($2::json))),
     owned AS (SELECT n.oid, n.nspname FROM pg_namespace n JOIN s ON n.nspowner = s.oid),
     closed AS (SELECT o.nspname, r.rolname, NOT has_schema_privilege(r.oid, o.oid, 'USAGE') AS usage,
                       (SELECT coalesce(json_agg(c.relname ORDER BY c.relname), '[]') FROM pg_class c JOIN s ON c.relowner = s.oid
                        WHERE c.relnamespace = o.oid AND c.relkind IN ('r', 'p', 'v', 'm')
                          AND NOT has_table_privilege(r.oid, c.oid, 'SELECT')) AS tables
                FROM owned o CROSS JOIN r)
SELECT json_build_object(
    'granted', (SELECT coalesce(json_agg(r.rolname), '[]') FROM r WHERE 2 = (
                    SELECT count(DISTINCT d.defaclobjtype) FROM pg_default_acl d JOIN s ON d.defaclrole = s.oid, aclexplode(d.defaclacl) a
                    WHERE d.defaclnamespace = 0 AND a.grantee IN (0, r.oid)
                      AND (d.defaclobjtype = 'n' AND a.privilege_type = 'USAGE' OR d.defaclobjtype = 'r' AND a.privilege_type = 'SELECT'))),
    'closed', (SELECT coalesce(json_agg(json_build_object('schema', nspname, 'reader', rolname, 'usage', usage, 'tables', tables)), '[]')
               FROM closed WHERE usage OR json_array_length(tables) > 0)
)::text";
