//! The system views Stitch reads. PUBLIC may read them unless a DBA revoked that; then only the missing ones are granted,
//! never the documented blanket: run by a superuser, it opens `pg_authid` with the password hashes of all roles.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use crate::change::{Action, Change, Plan, Sql};
use crate::finding::{Code, Verdict};
use crate::settings::Settings;
use crate::sql;
use crate::statement::Statement;
use crate::steps::event_triggers::{EventTrigger, event_triggers};
use crate::steps::layers;
use crate::world::{DatabaseHandle, Failure};

/// What the role (or PUBLIC, while there is no role) cannot read.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Gaps {
    /// System schemas without USAGE.
    schemas: Vec<Gap>,
    /// Relations without SELECT.
    relations: Vec<Gap>,
    /// Whose functions are called on what is changed here.
    pub(super) triggers: Vec<EventTrigger>,
    /// Whether anything was checked: not while the database does not exist.
    looked: bool,
}

#[derive(Debug, Deserialize)]
struct Gap {
    schema: String,
    #[serde(default)]
    relation: String,
    /// Whether this login may grant it.
    may_grant: bool,
}

pub(super) async fn inspect(settings: &Settings, place: &DatabaseHandle) -> Result<Gaps> {
    place.ask(&question(), &[settings.stitch.role.as_str()]).await
}

pub(super) fn plan(plan: &mut Plan, settings: &Settings, gaps: &Gaps, closed_reason: Option<&Failure>) {
    if let Some(closed_reason) = closed_reason {
        let text = "whether the role may read the system catalogs is not seen";
        let code = Code::CatalogNotChecked;
        plan.find(layers::not_let_in(code, Verdict::Unknown, text, closed_reason));
    }
    if !gaps.looked {
        return;
    }
    let role = &settings.stitch.role;
    if gaps.schemas.is_empty() && gaps.relations.is_empty() {
        let text = "the role can read the system catalogs without a further grant";
        plan.good(Code::CatalogReadable, text);
        return;
    }
    let mut grant = |what: String, pair, may_grant| one(plan, settings, what, pair, may_grant);
    for gap in &gaps.schemas {
        let what = format!("USAGE on the schema {}", gap.schema);
        grant(what, sql::usage_of_schema(&gap.schema, role), gap.may_grant);
    }
    let mut by_schema: BTreeMap<(&str, bool), Vec<String>> = BTreeMap::new();
    for gap in &gaps.relations {
        let known = by_schema.entry((&gap.schema, gap.may_grant)).or_default();
        known.push(gap.relation.clone());
    }
    for ((schema, may_grant), relations) in by_schema {
        let what = format!("SELECT on {} ({schema})", relations.join(", "));
        grant(what, sql::select_on(schema, &relations, role), may_grant);
    }
}

/// `may_grant`: whether this login may.
fn one(plan: &mut Plan, settings: &Settings, what: String, (grant, revoke): (Statement, Statement), may_grant: bool) {
    let (role, database) = (&settings.stitch.role, &settings.stitch.database);
    if !may_grant {
        let text = format!("the role {role:?} lacks {what}, and this login may not grant it");
        let advice = format!("a superuser runs in the database {database:?}: {grant};");
        plan.bad(Code::CatalogCannotGrant, text, advice).concerning(what);
        return;
    }
    let action = |statement| Action::Sql(Sql::together(database, vec![statement]));
    plan.change(Change {
        summary: format!("grant {what} to {role:?}"),
        why: WHY,
        action: action(grant),
        undo: Some(action(revoke)),
    });
}

/// For a script that is written without a check: it grants what is closed when it runs.
pub(super) fn offline(plan: &mut Plan, settings: &Settings) {
    let role = &settings.stitch.role;
    plan.change(Change {
        summary: format!("let {role:?} read the system catalogs where access was revoked"),
        why: WHY,
        action: Action::Sql(Sql::together(
            &settings.stitch.database,
            vec![sql::grant_what_is_closed(role, SCHEMAS, RELATIONS)],
        )),
        undo: None,
    });
}

const WHY: &str = "Stitch reads the catalogs to find tables and their columns. Access to them was revoked here.";

/// The system's schemas, `n`.
const SCHEMAS: &str = "n.nspname IN ('information_schema', 'pg_catalog')";

/// The views and tables a JDBC driver and a loader read to verify structure, `c` in the schema `n`.
const RELATIONS: &str = "(n.nspname = 'information_schema' AND c.relname IN
                            ('columns', 'key_column_usage', 'schemata', 'table_constraints', 'tables', 'views')
                         OR n.nspname = 'pg_catalog' AND c.relname IN
                            ('pg_attrdef', 'pg_attribute', 'pg_class', 'pg_constraint', 'pg_database', 'pg_description',
                             'pg_index', 'pg_namespace', 'pg_roles', 'pg_tables', 'pg_type', 'pg_views'))";

const TRIGGERS: &str = event_triggers!("true");

fn question() -> String {
    format!(
        "
WITH who AS (SELECT coalesce((SELECT rolname FROM pg_roles WHERE rolname = $1), 'public')::name AS name),
     me AS (SELECT oid, rolsuper FROM pg_roles WHERE rolname = current_user)
SELECT json_build_object(
    'looked', true,
    'triggers', {TRIGGERS},
    'schemas', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname,
                    'may_grant', me.rolsuper OR pg_has_role(me.oid, n.nspowner, 'USAGE')) ORDER BY n.nspname), '[]')
                FROM pg_namespace n WHERE {SCHEMAS}
                    AND NOT has_schema_privilege(who.name, n.oid, 'USAGE')),
    'relations', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'relation', c.relname,
                      'may_grant', me.rolsuper OR pg_has_role(me.oid, c.relowner, 'USAGE')
                          OR has_table_privilege(me.oid, c.oid, 'SELECT WITH GRANT OPTION')) ORDER BY n.nspname, c.relname), '[]')
                  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE {RELATIONS}
                      AND NOT has_table_privilege(who.name, c.oid, 'SELECT'))
)::text
FROM who, me"
    )
}
