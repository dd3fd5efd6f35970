//! `remove`: what Stitch's role owns in its database goes to another role, all at once; nothing is dropped.

use anyhow::Result;
use serde::Deserialize;

use super::rights::{Standing, standing};
use crate::change::{Action, Change, Execution, Membership, Plan, Sql, TemporaryMembership};
use crate::finding::{Code, Finding};
use crate::names::RoleName;
use crate::plural::{first_few, pluralize};
use crate::settings::Settings;
use crate::sql;
use crate::statement::Statement;
use crate::step_id::StepId;
use crate::steps::{Step, event_triggers};
use crate::world::{Reader, Target};

/// The step's other half.
pub(crate) struct HandOver;

/// What the role owns, and what this login may do about it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    /// `table shop.orders` and the like, in this database or shared by all.
    owned: Vec<String>,
    /// The schemas among it. They go first: no login but a superuser's gives a function or a type to an owner who may not
    /// create in its schema.
    schemas: Vec<String>,
    /// What it granted ahead on what it would make, such as for `--reader`.
    defaults: Vec<Ahead>,
    new_owner_exists: bool,
    #[serde(flatten)]
    me: Standing,
    /// Other users' functions that run with these changes, and those of the steps after it.
    #[serde(skip)]
    triggers: Vec<Finding>,
}

/// Default privileges of the role for one kind of thing, in one schema or everywhere.
#[derive(Debug, Deserialize)]
struct Ahead {
    schema: Option<String>,
    /// The word behind `ON`.
    kind: String,
    /// To whom; none: to PUBLIC.
    grantees: Vec<Option<String>>,
}

impl Step for HandOver {
    const ID: StepId = StepId::Ownership;
    const WHY: &'static str =
        "The loaded tables are kept. A role that owns tables cannot be dropped, so they get another owner first.";
    const LINK: &'static str = "/replication/loading/understanding-destination-schemas";
    type Facts = Facts;

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        let new_owner = settings.ownership.new_owner.as_ref().map_or("", RoleName::as_str);
        let parameters = [settings.stitch.role.as_str(), new_owner];
        let database = Target::Database(&settings.stitch.database);
        let facts: Option<Facts> = reader.ask(database, QUESTION, &parameters).await?;
        Ok(Facts {
            triggers: event_triggers::told(settings, reader).await?,
            ..facts.unwrap_or_default()
        })
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        plan.findings.extend(facts.triggers.iter().cloned());
        let (role, database) = (&settings.stitch.role, &settings.stitch.database);
        take_back_defaults(&mut plan, settings, facts);
        if facts.owned.is_empty() {
            let text = format!("{role:?} owns nothing in the database {database:?}");
            plan.good(Code::Removed, text).concerning(database);
            return plan;
        }
        match new_owner(settings, facts) {
            Ok((owner, memberships)) => plan.change(Change {
                summary: format!(
                    "make {owner:?} the owner of the {} that {role:?} owns in the database {database:?}{}",
                    pluralize(facts.owned.len(), "object"),
                    shared(&facts.owned)
                ),
                why: "A role that owns tables cannot be dropped. The tables are kept.",
                action: Action::Sql(Sql {
                    run: Execution::PerStatement {
                        lock_timeout: settings.ownership.lock_timeout,
                        first: facts.schemas.len(),
                        last: 0,
                    },
                    memberships,
                    ..Sql::together(database, statements(facts, role, owner))
                }),
                undo: None, // the role that owned it goes next
            }),
            Err(finding) => plan.find(*finding),
        }
        plan
    }
}

fn statements(facts: &Facts, role: &RoleName, owner: &RoleName) -> Vec<Statement> {
    let give = |schema: &String| sql::alter_owner("SCHEMA", &sql::identifier(schema), owner.as_str());
    let schemas = facts.schemas.iter().map(give);
    schemas.chain([sql::reassign_owned(role, owner)]).collect()
}

/// Default privileges belong to the role alone: they cannot get another owner, and they keep the role from being dropped.
fn take_back_defaults(plan: &mut Plan, settings: &Settings, facts: &Facts) {
    if facts.defaults.is_empty() {
        return;
    }
    let (role, database) = (&settings.stitch.role, &settings.stitch.database);
    let reset = |ahead: &Ahead| {
        let grantees: Vec<Option<&str>> = ahead.grantees.iter().map(Option::as_deref).collect();
        sql::reset_default_privileges(role, ahead.schema.as_deref(), &ahead.kind, &grantees)
    };
    let statements: Vec<Statement> = facts.defaults.iter().flat_map(reset).collect();
    let Ok(memberships) = facts.me.borrow([(role.as_str(), Membership::Inherit)]) else {
        let lines: Vec<String> = statements.iter().map(|statement| format!("{statement};")).collect();
        let (user, lines) = (&facts.me.user, lines.join(" "));
        let text = format!("{role:?} has default privileges, and {user:?} may not change them");
        let advice = format!("a superuser, or a member of the role, runs in the database {database:?}: {lines}");
        plan.bad(Code::RemoveBlocked, text, advice).concerning(role);
        return;
    };
    plan.change(Change {
        summary: format!("revoke the default privileges of {role:?} in the database {database:?}"),
        why: "A role that has default privileges cannot be dropped.",
        action: Action::Sql(Sql {
            memberships,
            ..Sql::together(database, statements)
        }),
        undo: None, // the role that granted it goes next
    });
}

/// Who takes it over, and what this login must borrow for that.
fn new_owner<'a>(
    settings: &'a Settings,
    facts: &Facts,
) -> Result<(&'a RoleName, Vec<TemporaryMembership>), Box<Finding>> {
    let role = &settings.stitch.role;
    let what = format!(
        "{role:?} owns {} ({})",
        pluralize(facts.owned.len(), "object"),
        first_few(&facts.owned, 3)
    );
    let Some(owner) = &settings.ownership.new_owner else {
        let text = format!("{what}, and no new owner was given");
        let finding = Finding::bad(Code::RemoveNeedsOwner, text).about(role);
        return Err(Box::new(finding.advise("give --new-owner ROLE; nothing is dropped")));
    };
    if owner == role || !facts.new_owner_exists {
        let why = if owner == role {
            "is the role that will be dropped"
        } else {
            "does not exist"
        };
        let text = format!("{what}, and {owner:?}, the new owner, {why}");
        let finding = Finding::bad(Code::RemoveNeedsOwner, text).about(role);
        let advice = "give --new-owner with the name of another role that exists";
        return Err(Box::new(finding.advise(advice)));
    }
    let wanted = [
        (owner.as_str(), Membership::Set), // 16 and newer ask for this as well
        (role.as_str(), Membership::Inherit),
        (owner.as_str(), Membership::Inherit),
    ];
    let memberships = facts.me.borrow(wanted).map_err(|lacking| {
        let wanted = lacking[0];
        let text = format!("{what}, and {:?} may not act for {wanted:?}", facts.me.user);
        let (statement, database) = (sql::reassign_owned(role, owner), &settings.stitch.database);
        let advice = format!("a superuser, or a member of both roles, runs in the database {database:?}: {statement};");
        Box::new(Finding::bad(Code::RemoveBlocked, text).about(wanted).advise(advice))
    })?;
    Ok((owner, memberships))
}

/// What is no database's own goes with the rest, so it is named.
fn shared(owned: &[String]) -> String {
    let is_shared = |name: &&String| name.starts_with("database ") || name.starts_with("tablespace ");
    let names: Vec<&str> = owned.iter().filter(is_shared).map(String::as_str).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", among them {}", names.join(", "))
    }
}

/// `$1`: the Stitch role, `$2`: the new owner.
const QUESTION: &str = concat!(
    "
WITH me AS (SELECT oid, rolname, rolsuper, rolcreaterole, current_setting('server_version_num')::int AS version FROM pg_roles WHERE rolname = current_user),
     r AS (SELECT p.oid, p.rolname, p.rolsuper FROM pg_roles p WHERE p.rolname IN ($1, $2))
SELECT json_build_object(
    'owned', (SELECT coalesce(json_agg(o.type || ' ' || o.identity ORDER BY o.type, o.identity), '[]')
              FROM pg_shdepend d JOIN pg_roles s ON s.oid = d.refobjid
                   CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) AS o
              WHERE s.rolname = $1 AND d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o'
                AND d.classid <> 'pg_default_acl'::regclass
                AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))),
    'schemas', (SELECT coalesce(json_agg(n.nspname ORDER BY n.nspname), '[]') FROM pg_namespace n JOIN pg_roles s ON s.oid = n.nspowner
                WHERE s.rolname = $1),
    'defaults', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname,
                     'kind', CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                                 WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
                     'grantees', (SELECT coalesce(json_agg(DISTINCT g.rolname), '[]')
                                  FROM aclexplode(d.defaclacl) AS e LEFT JOIN pg_roles g ON g.oid = e.grantee))
                     ORDER BY n.nspname, d.defaclobjtype), '[]')
                 FROM pg_default_acl d JOIN pg_roles s ON s.oid = d.defaclrole LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
                 WHERE s.rolname = $1),
    ",
    standing!(),
    ",
    'new_owner_exists', EXISTS (SELECT 1 FROM r WHERE rolname = $2)
)::text
FROM me"
);
