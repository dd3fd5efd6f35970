//! Which schemas are Stitch's: by the marks its loader leaves, and by what speaks against it. `_sdc_` columns alone
//! prove nothing, since other Singer loaders use the same names.

use serde::Deserialize;
use serde_json::Value;

use crate::change::Plan;
use crate::finding::Code;
use crate::plural::pluralize;
use crate::settings::{Schemas, Settings};

/// One schema and the marks found in it.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one question's answer")]
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) owner: String,
    /// Ordinary and partitioned tables.
    tables: usize,
    /// A table `_sdc_rejected` with exactly Stitch's four columns.
    rejected: bool,
    /// Tables with all of `_sdc_batched_at`, `_sdc_received_at`, `_sdc_sequence`, `_sdc_table_version`.
    loaded: usize,
    /// Comments of the open-source target-postgres, or columns of the Meltano SDK.
    other_loader: bool,
    /// Views, materialized views and foreign tables.
    views: usize,
    /// Those of them that belong to another role than the schema does.
    views_of_others: usize,
    /// Foreign tables among them.
    foreign_tables: usize,
    /// Stitch's API lists an integration of this name, which is the name of its schema.
    #[serde(skip)]
    listed: bool,
    /// It belongs to Stitch's role. Then views of others, such as the owner before, say nothing against it.
    #[serde(skip)]
    pub(super) ours: bool,
}

/// Marks the schemas that Stitch's API lists, deleted integrations included: those leave their schemas behind.
pub(super) fn mark_listed(schemas: &mut [Schema], sources: &Value) {
    let sources = sources.as_array().into_iter().flatten();
    let names: Vec<&str> = sources.filter_map(|source| source["name"].as_str()).collect();
    for schema in schemas {
        schema.listed = names.contains(&schema.name.as_str());
    }
}

impl Schema {
    /// Strong enough to be moved without asking: listed by Stitch or with its own table, no other loader's mark, every table loaded by
    /// Stitch, no views of other roles, and not `public`, where an application's tables live.
    pub(super) fn is_strong(&self) -> bool {
        (self.listed || self.rejected)
            && !self.other_loader
            && self.name != "public"
            && self.loaded + usize::from(self.rejected) >= self.tables
            && (self.ours || self.views_of_others == 0 && self.foreign_tables == 0)
    }

    fn has_marks(&self) -> bool {
        self.listed || self.rejected || self.loaded > 0
    }

    /// The evidence in a few words.
    pub(super) fn described(&self) -> String {
        let mut words = vec![format!("{}, owner {}", pluralize(self.tables, "table"), self.owner)];
        if self.listed {
            words.insert(0, "Stitch's API lists an integration of this name".to_owned());
        }
        if self.rejected {
            words.push("has _sdc_rejected".to_owned());
        }
        if self.loaded > 0 {
            words.push(format!("{} with Stitch's columns", self.loaded));
        }
        if !self.has_marks() {
            words.push("no sign of Stitch".to_owned());
        }
        words.extend(self.against());
        words.join(", ")
    }

    fn against(&self) -> Vec<String> {
        let mut against = Vec::new();
        if self.other_loader {
            against.push("signs of another loader (Meltano, PipelineWise, target-postgres)".to_owned());
        }
        if self.name == "public" {
            against.push("public holds applications' tables too".to_owned());
        }
        if self.rejected && self.loaded + 1 < self.tables {
            let others = pluralize(self.tables - self.loaded - 1, "table");
            against.push(format!("{others} without Stitch's columns"));
        }
        if self.views > 0 {
            let views = pluralize(self.views, "view");
            against.push(format!("{views}, {} of other roles", self.views_of_others));
        }
        if self.foreign_tables > 0 {
            against.push(pluralize(self.foreign_tables, "foreign table"));
        }
        against
    }
}

/// Says what was detected, chosen or not.
pub(super) fn judge(plan: &mut Plan, settings: &Settings, schema: &Schema) {
    let named = settings.ownership.schemas.names(&schema.name);
    let is_known = schema.ours && schema.has_marks();
    let told = |what: &str| format!("the schema {:?} {what}: {}", schema.name, schema.described());
    if named && is_known || schema.is_strong() && (named || settings.ownership.schemas == Schemas::Detect) {
        plan.good(Code::SchemaDetected, told("is Stitch's"))
            .concerning(&schema.name);
    } else if named {
        let advice = "make sure that an integration of this name exists in Stitch";
        let text = told("was named, and its evidence is weak");
        plan.unknown(Code::SchemaWeakEvidence, text, advice)
            .concerning(&schema.name);
    } else if schema.has_marks() {
        let flag = crate::shell::word(&crate::settings::in_a_list(&schema.name));
        let advice = format!("if Stitch loads into it, add --schema {flag}");
        plan.unknown(Code::SchemaNotChosen, told("is left alone"), advice)
            .concerning(&schema.name);
    }
}

/// `$1`: the schemas that were named, as JSON. Where some were, only these and those with a table `_sdc_rejected` are looked into,
/// so that the cost follows them and not the database. Through `pg_class`, not `information_schema`, which hides what the
/// login has no rights on.
pub(super) const QUESTION: &str = "
WITH chosen AS (
    SELECT n.oid, n.nspname, n.nspowner FROM pg_namespace n
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
      AND ($1 = '[]' OR n.nspname IN (SELECT json_array_elements_text($1::json))
           OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relname = '_sdc_rejected' AND c.relnamespace = n.oid))),
member AS (SELECT DISTINCT d.classid, d.objid FROM chosen n JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype = 'n'),
rejected AS (
    SELECT c.oid, array_agg(a.attname::text ORDER BY a.attname) AS names
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relname = '_sdc_rejected' GROUP BY c.oid),
columns AS (
    SELECT c.relnamespace, c.oid, c.relname, c.relkind, c.relowner <> s.nspowner AS of_another,
           count(a.attname) FILTER (WHERE a.attname IN ('_sdc_batched_at', '_sdc_received_at', '_sdc_sequence', '_sdc_table_version')) AS marks,
           count(a.attname) FILTER (WHERE a.attname = '_sdc_sync_started_at') AS sdk,
           count(a.attname) FILTER (WHERE a.attname = '_sdc_deleted_at') > count(a.attname) FILTER (WHERE a.attname = '_sdc_sequence') AS pipelinewise,
           CASE WHEN c.relkind = 'r' AND c.relname = '_sdc_rejected' THEN c.oid END AS rejected
    FROM member m
    JOIN pg_class c ON c.oid = m.objid AND m.classid = 'pg_class'::regclass
    JOIN chosen s ON s.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attname LIKE '\\_sdc\\_%'
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    GROUP BY c.oid, c.relnamespace, c.relname, c.relkind, c.relowner, s.nspowner)
SELECT json_build_object('schemas', coalesce(json_agg(json_build_object(
    'name', n.nspname, 'owner', pg_get_userbyid(n.nspowner),
    'tables', coalesce(t.tables, 0), 'rejected', coalesce(t.rejected, false), 'loaded', coalesce(t.loaded, 0),
    'other_loader', coalesce(t.sdk OR t.commented, false),
    'views', coalesce(t.views, 0),
    'views_of_others', coalesce(t.views_of_others, 0), 'foreign_tables', coalesce(t.foreign_tables, 0)) ORDER BY n.nspname), '[]'))::text
FROM chosen n
LEFT JOIN (
    SELECT relnamespace,
           count(*) FILTER (WHERE relkind IN ('r', 'p')) AS tables,
           bool_or(r.names = ARRAY['_sdc_rejected_at', 'reason', 'record', 'table_name']) AS rejected,
           count(*) FILTER (WHERE relkind IN ('r', 'p') AND marks = 4) AS loaded,
           bool_or(sdk > 0 OR pipelinewise) AS sdk,
           bool_or(marks > 0 AND d.description LIKE '{%schema_version%' AND d.description ~ 'key_properties|mappings') AS commented,
           count(*) FILTER (WHERE relkind IN ('v', 'm', 'f')) AS views,
           count(*) FILTER (WHERE relkind = 'f') AS foreign_tables,
           count(*) FILTER (WHERE relkind IN ('v', 'm', 'f') AND of_another) AS views_of_others
    FROM columns k LEFT JOIN rejected r ON r.oid = k.rejected LEFT JOIN pg_description d ON d.objoid = k.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
    GROUP BY relnamespace) AS t ON t.relnamespace = n.oid";
