//! Moving one schema: in an order that works without superuser, one object a transaction, never waiting long for a lock.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::evidence::Schema;
use super::rights::{Lacking, Rights, borrowings};
use crate::change::{Action, Borrow, Change, Plan, Run, Sql, Statement};
use crate::finding::{Code, Finding};
use crate::names::SchemaName;
use crate::settings::{Include, Settings};
use crate::sql;
use crate::world::{On, World};

/// Something in a chosen schema, or the schema itself, that belongs to somebody else.
#[derive(Debug, Deserialize)]
pub(super) struct Foreign {
    schema: String,
    /// Empty for the schema itself.
    name: String,
    /// `pg_class.relkind`, or `n` for the schema itself.
    kind: char,
    pub(super) owner: String,
}

pub(super) async fn inspect(settings: &Settings, world: &mut World, schemas: &[&Schema]) -> Result<Vec<Foreign>> {
    let names: Vec<&str> = schemas.iter().map(|schema| schema.name.as_str()).collect();
    let names = serde_json::to_string(&names).context("cannot name the schemas")?;
    let foreign = world
        .ask(
            On::Database(&settings.stitch.database),
            FOREIGN,
            &[&names, settings.stitch.role.as_str()],
        )
        .await?;
    Ok(foreign.unwrap_or_default())
}

pub(super) fn plan(plan: &mut Plan, settings: &Settings, schema: &Schema, foreign: &[Foreign], rights: &Rights) {
    let here: Vec<&Foreign> = foreign.iter().filter(|object| object.schema == schema.name).collect();
    let (moving, staying): (Vec<&Foreign>, Vec<&Foreign>) =
        here.into_iter().partition(|object| moves(settings, object.kind));
    report_staying(plan, schema, &staying);
    if moving.is_empty() {
        plan.find(
            Finding::good(
                Code::SchemaOwned,
                format!(
                    "{:?} owns the schema {:?} and its tables",
                    settings.stitch.role.as_str(),
                    schema.name
                ),
            )
            .about(&schema.name),
        );
        return;
    }
    let Ok(name) = schema.name.parse::<SchemaName>() else {
        return;
    };
    match borrowings(settings, rights, &moving) {
        Ok(borrow) => plan.change(change(settings, &name, &moving, rights, borrow)),
        Err(lacking) => plan.find(cannot(settings, schema, &moving, rights, &lacking)),
    }
}

fn cannot(settings: &Settings, schema: &Schema, moving: &[&Foreign], rights: &Rights, lacking: &Lacking) -> Finding {
    let roles: Vec<String> = lacking.roles.iter().map(|role| format!("act for {role:?}")).collect();
    let create = lacking.create.then(|| "create in the database".to_owned());
    let what: Vec<String> = roles.into_iter().chain(create).collect();
    let who = if lacking.roles.is_empty() {
        "the database's owner, or a superuser,"
    } else {
        "a superuser, or who has ADMIN OPTION on those roles,"
    };
    Finding::bad(
        Code::OwnershipCannotMove,
        format!(
            "{} objects in the schema {:?} must change hands, and {:?} may not {}",
            moving.len(),
            schema.name,
            rights.user,
            what.join(", nor ")
        ),
    )
    .advise(format!("{who} runs: {}", lacking.statements(settings, &rights.user)))
    .about(&schema.name)
}

impl Foreign {
    /// The schema itself, not something in it.
    pub(super) fn is_schema(&self) -> bool {
        self.kind == 'n'
    }
}

fn change(
    settings: &Settings,
    schema: &SchemaName,
    moving: &[&Foreign],
    rights: &Rights,
    borrow: Vec<Borrow>,
) -> Change {
    let role = &settings.stitch.role;
    let relations = moving.iter().filter(|object| object.kind != 'n');
    let mut forward: Vec<Statement> = Vec::new();
    if !rights.superuser
        && moving.iter().any(|object| object.kind != 'n')
        && !rights.creates_in.iter().any(|name| name == schema.as_str())
    {
        // The new owner of a table needs CREATE on its schema first, unless a superuser does it.
        forward.push(sql::grant_schema_create(schema, role));
    }
    forward.extend(
        relations
            .clone()
            .map(|object| sql::alter_relation_owner(word(object.kind), schema, &object.name, role.as_str())),
    );
    let mut backward: Vec<Statement> = Vec::new();
    if let Some(itself) = moving.iter().find(|object| object.kind == 'n') {
        forward.push(sql::alter_schema_owner(schema, role.as_str()));
        backward.push(sql::alter_schema_owner(schema, &itself.owner));
    }
    backward.extend(
        relations.map(|object| sql::alter_relation_owner(word(object.kind), schema, &object.name, &object.owner)),
    );
    let run = Run::Patiently {
        lock_timeout: settings.ownership.lock_timeout,
    };
    let action = |statements, borrow| {
        Action::Sql(Sql {
            database: settings.stitch.database.clone(),
            statements,
            run,
            unless: None,
            borrow,
        })
    };
    Change {
        summary: format!(
            "make {:?} the owner of the schema {:?} and {} objects in it",
            role.as_str(),
            schema.as_str(),
            moving.iter().filter(|o| o.kind != 'n').count()
        ),
        why: "Stitch runs ALTER TABLE and COMMENT on them, which PostgreSQL allows an owner only.",
        undo: Some(action(backward, borrow.clone())),
        action: action(forward, borrow),
    }
}

fn report_staying(plan: &mut Plan, schema: &Schema, staying: &[&Foreign]) {
    for (kinds, what, flag) in [
        (['v', 'v'], "views", "views"),
        (['m', 'm'], "materialized views", "matviews"),
        (['S', 'S'], "sequences", "sequences"),
        (['f', 'f'], "foreign tables", ""),
    ] {
        let names: Vec<&str> = staying
            .iter()
            .filter(|object| kinds.contains(&object.kind))
            .map(|object| object.name.as_str())
            .collect();
        if names.is_empty() {
            continue;
        }
        let some = names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > 3 {
            format!(" and {} more", names.len() - 3)
        } else {
            String::new()
        };
        let mut finding = Finding::unknown(
            Code::ObjectsLeft,
            format!(
                "{} {what} in the schema {:?} stay with their owners: {some}{more}",
                names.len(),
                schema.name
            ),
        )
        .about(&schema.name);
        if !flag.is_empty() {
            finding = finding.advise(format!(
                "Stitch makes none, so they are probably yours; --include {flag} moves them too"
            ));
        }
        plan.find(finding);
    }
}

/// What is moved: the schema and its tables (partitions are tables of their own); the rest on request.
fn moves(settings: &Settings, kind: char) -> bool {
    let include = &settings.ownership.include;
    match kind {
        'n' | 'r' | 'p' => true,
        'v' => include.contains(&Include::Views),
        'm' => include.contains(&Include::Matviews),
        'S' => include.contains(&Include::Sequences),
        _ => false,
    }
}

fn word(kind: char) -> &'static str {
    match kind {
        'v' => "VIEW",
        'm' => "MATERIALIZED VIEW",
        'S' => "SEQUENCE",
        _ => "TABLE",
    }
}

/// `$1`: schema names as JSON, `$2`: the Stitch role. Owned sequences follow their table and are left out (altering one
/// directly is an error); so are members of extensions, which belong to them.
const FOREIGN: &str = "
SELECT coalesce(json_agg(json_build_object('schema', schema, 'name', name, 'kind', kind, 'owner', pg_get_userbyid(owner))
                         ORDER BY schema, kind = 'n', name), '[]')::text
FROM (
    SELECT n.nspname AS schema, '' AS name, 'n' AS kind, n.nspowner AS owner FROM pg_namespace n
    UNION ALL
    SELECT n.nspname, c.relname, c.relkind::text, c.relowner
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND (d.deptype = 'e' OR c.relkind = 'S' AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass))
) AS object
WHERE schema IN (SELECT json_array_elements_text($1::json))
  AND owner IS DISTINCT FROM (SELECT oid FROM pg_roles WHERE rolname = $2)";
