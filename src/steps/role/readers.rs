//! Readers keep reading: what Stitch makes later is readable by the roles named with `--reader`, through default
//! privileges of Stitch's own role. (Those of anybody else do not fire for what Stitch makes.)

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

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
    let readers = names(settings)?;
    place.ask(SEEN, &[stitch.role.as_str(), &readers]).await.map(Some)
}

/// As JSON, for a question.
pub(super) fn names(settings: &Settings) -> Result<String> {
    let names: Vec<&str> = settings.stitch.readers.iter().map(RoleName::as_str).collect();
    serde_json::to_string(&names).context("cannot name the readers")
}

/// `me` is this login, `None` where nobody knows yet who runs it.
pub(super) fn plan(
    plan: &mut Plan,
    settings: &Settings,
    seen: Option<&Readers>,
    me: Option<(&str, &ReaderPrivileges)>,
    made: Made,
) {
    for reader in &settings.stitch.readers {
        let name = reader.as_str();
        if me.is_some_and(|(_, standing)| !standing.known.iter().any(|known| known == name)) {
            plan.bad(
                Code::ReaderMissing,
                format!("there is no role {name:?} to read what Stitch makes (--reader)"),
                "check the spelling (case matters), or let who may create roles make it",
            )
            .concerning(name);
            continue;
        }
        let granted = seen.is_some_and(|seen| seen.granted.iter().any(|granted| granted == name));
        if granted {
            plan.good(
                Code::ReaderReady,
                format!("{name:?} will see the schemas and tables that Stitch makes"),
            )
            .concerning(name);
        } else {
            let role = &settings.stitch.role;
            let summary = format!("let {name:?} read what {role:?} will make");
            one(
                plan,
                settings,
                me,
                made,
                &summary,
                sql::reading_by_default(role, reader),
            );
        }
        present(plan, settings, seen, me, made, reader);
    }
}

/// What is there already.
fn present(
    plan: &mut Plan,
    settings: &Settings,
    seen: Option<&Readers>,
    me: Option<(&str, &ReaderPrivileges)>,
    made: Made,
    reader: &RoleName,
) {
    let closed = seen.map(|seen| seen.closed.as_slice()).unwrap_or_default();
    let mut schemas: BTreeMap<&str, &HiddenTables> = BTreeMap::new();
    schemas.extend(
        closed
            .iter()
            .filter(|closed| closed.reader == reader.as_str())
            .map(|closed| (closed.schema.as_str(), closed)),
    );
    for (schema, closed) in schemas {
        let usage = closed.usage.then(|| sql::usage_of_schema(schema, reader));
        let select = (!closed.tables.is_empty()).then(|| sql::select_on(schema, &closed.tables, reader));
        let grants = usage.into_iter().chain(select).unzip();
        let summary = format!(
            "let {reader:?} read the schema {schema:?} and {} in it",
            pluralize(closed.tables.len(), "table")
        );
        one(plan, settings, me, made, &summary, grants);
    }
}

fn one(
    plan: &mut Plan,
    settings: &Settings,
    me: Option<(&str, &ReaderPrivileges)>,
    made: Made,
    summary: &str,
    (statements, back): (Vec<Statement>, Vec<Statement>),
) {
    let (role, database) = (&settings.stitch.role, &settings.stitch.database);
    let memberships = me.map_or(Some(Vec::new()), |(user, standing)| {
        standing.memberships(settings, user, made)
    });
    let Some(memberships) = memberships else {
        let lines: Vec<String> = statements.iter().map(|statement| format!("{statement};")).collect();
        plan.bad(
            Code::ReaderCannotGrant,
            format!("nobody but {role:?} itself, or who may act for it, can {summary}, and this login may not"),
            format!("a superuser runs in the database {database:?}: {}", lines.join(" ")),
        )
        .concerning(database);
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
        why: "What Stitch makes belongs to its role alone: without this nobody else reads it.",
        undo: Some(action(back)),
        action: action(statements),
    });
}

/// Whether this run makes Stitch's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    ByUs,
    /// It was there before.
    Before,
}

impl ReaderPrivileges {
    /// The membership that must be borrowed; `None` where it is not to be had.
    fn memberships(&self, settings: &Settings, user: &str, made: Made) -> Option<Vec<TemporaryMembership>> {
        let (acts_for, can_grant, held) = match made {
            Made::Before => (self.acts_for, self.can_grant, self.held),
            // Who makes a role administers it, and 16 and newer may be set to grant more.
            Made::ByUs => (
                self.acts_for || self.self_grant.contains("inherit"),
                true,
                self.self_grant.contains("set"),
            ),
        };
        if acts_for {
            return Some(Vec::new());
        }
        let role = settings.stitch.role.clone();
        let lent =
            can_grant.then(|| TemporaryMembership::new(role, user, Membership::Inherit, self.version_num, held))?;
        lent.map(|lent| vec![lent])
    }
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
