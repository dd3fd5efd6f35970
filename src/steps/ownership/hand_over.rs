//! `remove`: what Stitch's role owns in its database goes to another role, all at once; nothing is dropped.

use anyhow::Result;
use serde::Deserialize;

use crate::change::{Action, Change, Execution, Membership, Plan, Sql, TemporaryMembership};
use crate::finding::{Code, Finding};
use crate::names::RoleName;
use crate::plural::pluralize;
use crate::settings::Settings;
use crate::sql;
use crate::statement::Statement;
use crate::step_id::StepId;
use crate::steps::Step;
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
    user: String,
    superuser: bool,
    version_num: i32,
    new_owner_exists: bool,
    /// Of the two roles: those this login acts for.
    acts_for: Vec<String>,
    /// Those it may make an owner.
    can_become: Vec<String>,
    /// Those it may grant itself.
    can_grant: Vec<String>,
    /// Those it is a member of by a row that a grant of its own would change.
    held: Vec<String>,
}

/// Default privileges of the role for one kind of thing, in one schema or everywhere.
#[derive(Debug, Deserialize)]
struct Ahead {
    schema: Option<String>,
    /// The word behind `ON`.
    kind: String,
    /// To whom; none: to everybody.
    grantees: Vec<Option<String>>,
}

impl Step for HandOver {
    const ID: StepId = StepId::Ownership;
    const WHY: &'static str =
        "What Stitch loaded stays. A role that owns something cannot go, so its tables get another owner first.";
    const LINK: &'static str = "/replication/loading/understanding-destination-schemas";
    type Facts = Facts;

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        let new_owner = settings.ownership.new_owner.as_ref().map_or("", RoleName::as_str);
        let parameters = [settings.stitch.role.as_str(), new_owner];
        let database = Target::Database(&settings.stitch.database);
        Ok(reader.ask(database, QUESTION, &parameters).await?.unwrap_or_default())
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        let (role, database) = (&settings.stitch.role, &settings.stitch.database);
        take_back_defaults(&mut plan, settings, facts);
        if facts.owned.is_empty() {
            plan.good(
                Code::Removed,
                format!("{role:?} owns nothing in the database {database:?}"),
            )
            .concerning(database);
            return plan;
        }
        match new_owner(settings, facts) {
            Ok((owner, memberships)) => plan.change(Change {
                summary: format!(
                    "make {owner:?} the owner of the {} that {role:?} owns in the database {database:?}{}",
                    pluralize(facts.owned.len(), "object"),
                    shared(&facts.owned)
                ),
                why: "A role that owns something cannot be dropped; the tables stay as they are.",
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

/// They belong to the role and to nobody else: no owner can be given to them, and they keep the role from being dropped.
fn take_back_defaults(plan: &mut Plan, settings: &Settings, facts: &Facts) {
    if facts.defaults.is_empty() {
        return;
    }
    let (role, database) = (&settings.stitch.role, &settings.stitch.database);
    let statements: Vec<Statement> = facts
        .defaults
        .iter()
        .flat_map(|ahead| {
            let grantees: Vec<Option<&str>> = ahead.grantees.iter().map(Option::as_deref).collect();
            sql::reset_default_privileges(role, ahead.schema.as_deref(), &ahead.kind, &grantees)
        })
        .collect();
    let Ok(memberships) = grant_membership(facts, &[role], None) else {
        let lines: Vec<String> = statements.iter().map(|statement| format!("{statement};")).collect();
        let text = format!(
            "{role:?} granted ahead on what it would make, and {:?} may not act for it",
            facts.user
        );
        let advice = format!(
            "a superuser, or a member of the role, runs in the database {database:?}: {}",
            lines.join(" ")
        );
        plan.bad(Code::RemoveBlocked, text, advice).concerning(role);
        return;
    };
    plan.change(Change {
        summary: format!("take back what {role:?} granted ahead on what it would make in the database {database:?}"),
        why: "Default privileges belong to a role, and keep it from being dropped; it makes nothing any more.",
        action: Action::Sql(Sql {
            memberships,
            ..Sql::together(database, statements)
        }),
        undo: None, // the role that granted it goes next
    });
}

/// The memberships that this login must borrow to act for these roles, and to make the new owner one (16 and newer ask
/// for another option then); the first that is not to be had.
fn grant_membership<'a>(
    facts: &Facts,
    roles: &[&'a RoleName],
    new_owner: Option<&'a RoleName>,
) -> Result<Vec<TemporaryMembership>, &'a RoleName> {
    let mut memberships: Vec<TemporaryMembership> = Vec::new();
    let to_use = roles.iter().map(|role| (*role, &facts.acts_for, Membership::Inherit));
    let to_become = new_owner.map(|role| (role, &facts.can_become, Membership::Set));
    for (wanted, had, option) in to_become.into_iter().chain(to_use) {
        if facts.superuser || wanted.as_str() == facts.user || contains(had, wanted) {
            continue;
        }
        let lent = memberships.iter().any(|lent| lent.role == *wanted);
        if lent && facts.version_num < 160_000 {
            continue;
        }
        let held = lent || contains(&facts.held, wanted);
        let one = contains(&facts.can_grant, wanted)
            .then(|| TemporaryMembership::new(wanted.clone(), &facts.user, option, facts.version_num, held));
        memberships.push(one.flatten().ok_or(wanted)?);
    }
    memberships.sort();
    Ok(memberships)
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
        some(&facts.owned)
    );
    let Some(owner) = &settings.ownership.new_owner else {
        let text = format!("{what}, and nobody was named to take it over");
        let finding = Finding::bad(Code::RemoveNeedsOwner, text).about(role);
        return Err(Box::new(finding.advise("give --new-owner ROLE; nothing is dropped")));
    };
    if owner == role || !facts.new_owner_exists {
        let why = if owner == role {
            "is the role that goes"
        } else {
            "does not exist"
        };
        let text = format!("{what}, and {owner:?}, which was to take it over, {why}");
        let finding = Finding::bad(Code::RemoveNeedsOwner, text).about(role);
        return Err(Box::new(
            finding.advise("give --new-owner with the name of another role that exists"),
        ));
    }
    let memberships = grant_membership(facts, &[role, owner], Some(owner)).map_err(|wanted| {
        let text = format!("{what}, and {:?} may not act for {wanted:?}", facts.user);
        let statement = sql::reassign_owned(role, owner);
        let advice = format!(
            "a superuser, or who is a member of both roles, runs in the database {:?}: {statement};",
            settings.stitch.database.as_str()
        );
        Box::new(Finding::bad(Code::RemoveBlocked, text).about(wanted).advise(advice))
    })?;
    Ok((owner, memberships))
}

fn contains(names: &[String], role: &RoleName) -> bool {
    names.iter().any(|name| name == role.as_str())
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

fn some(names: &[String]) -> String {
    let first = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 3 {
        format!("{first}, …")
    } else {
        first
    }
}

/// `$1`: the Stitch role, `$2`: the new owner.
const QUESTION: &str = "
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
    'user', me.rolname, 'superuser', me.rolsuper, 'version_num', me.version,
    'new_owner_exists', EXISTS (SELECT 1 FROM r WHERE rolname = $2),
    'acts_for', (SELECT coalesce(json_agg(rolname), '[]') FROM r WHERE pg_has_role(me.oid, r.oid, 'USAGE')),
    'can_become', (SELECT coalesce(json_agg(rolname), '[]') FROM r
                   WHERE pg_has_role(me.oid, r.oid, CASE WHEN me.version >= 160000 THEN 'SET' ELSE 'MEMBER' END)),
    'can_grant', (SELECT coalesce(json_agg(rolname), '[]') FROM r
                  WHERE pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION')
                     OR (me.version < 160000 AND me.rolcreaterole AND NOT r.rolsuper)),
    'held', (SELECT coalesce(json_agg(DISTINCT r.rolname), '[]') FROM r JOIN pg_auth_members m ON m.roleid = r.oid
             WHERE m.member = me.oid AND (me.version < 160000 OR m.grantor = me.oid))
)::text
FROM me";
