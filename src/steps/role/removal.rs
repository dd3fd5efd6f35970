//! `remove`: what was granted to Stitch's role is revoked, object by object, and the role is dropped. A role that
//! something still depends on stays, and cannot log in any more.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use super::action::on_server;
use crate::change::{Action, Change, Plan, Sql};
use crate::finding::{Code, Finding};
use crate::plural::pluralize;
use crate::settings::Settings;
use crate::sql;
use crate::step_id::StepId;
use crate::steps::{Step, event_triggers};
use crate::world::{Reader, Target};

/// The step's other half.
pub(crate) struct RemoveRole;

/// The role, and all that depends on it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    role: Option<RoleRemovalRow>,
    user: String,
    /// What it may do with which object, of this database or shared by all.
    grants: Vec<Grant>,
    /// What else depends on it here, in the server's words.
    others: Vec<String>,
    /// What it owns here; handed over before.
    owned: usize,
    /// Default privileges of its own here; removed before.
    ahead: usize,
    /// Other databases with something that depends on it, and how much.
    elsewhere: BTreeMap<String, usize>,
    /// Other users' functions that run with these changes, where the step before did not report them.
    #[serde(skip)]
    triggers: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one question's answer")]
struct RoleRemovalRow {
    superuser: bool,
    can_login: bool,
    is_me: bool,
    /// Roles that are members of it.
    members: Vec<String>,
    /// Whether this login may alter and drop it.
    may_drop: bool,
}

#[derive(Debug, Deserialize)]
struct Grant {
    /// The word behind `ON`.
    kind: String,
    identity: String,
    /// Whether this login may revoke it.
    may_revoke: bool,
    grantors: Vec<String>,
}

impl Step for RemoveRole {
    const ID: StepId = StepId::Role;
    const WHY: &'static str = "Without its role Stitch cannot log in. stitch-pg drops the role and revokes its privileges. It drops nothing else.";
    const LINK: &'static str = "/destinations/postgresql/connecting-a-self-hosted-postgresql-data-warehouse-to-stitch";
    const NEEDS: &'static [StepId] = &[StepId::Ownership];
    type Facts = Facts;

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        let role = settings.stitch.role.as_str();
        let database = Target::Database(&settings.stitch.database);
        let mut facts: Facts = match reader.ask(database, QUESTION, &[role]).await? {
            Some(facts) => facts,
            // No such database, or none that lets us in: what is shared by all is seen from anywhere.
            None => reader.ask(Target::Server, QUESTION, &[role]).await?.unwrap_or_default(),
        };
        if !settings.steps.contains(&StepId::Ownership) {
            facts.triggers = event_triggers::told(settings, reader).await?;
        }
        Ok(facts)
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        plan.findings.extend(facts.triggers.iter().cloned());
        let role = &settings.stitch.role;
        let Some(found) = &facts.role else {
            plan.good(Code::Removed, format!("there is no role {role:?}"))
                .concerning(role);
            return plan;
        };
        if let Some(why) = not_stitchs(found) {
            let text = format!("the role {role:?} is not changed: {why}");
            let advice = "give --role with the name of the role that Stitch logs in as";
            plan.bad(Code::RemoveBlocked, text, advice).concerning(role);
            return plan;
        }
        revoke(&mut plan, settings, facts);
        let stays = reason_to_keep(settings, facts, found);
        for (what, advice) in &stays {
            let text = format!("the role {role:?} cannot be dropped: {what}");
            plan.bad(Code::RemoveBlocked, text, advice).concerning(role);
        }
        if stays.is_empty() {
            plan.change(Change {
                summary: format!("drop the role {role:?}"),
                why: "Stitch logs in as this role. It owns nothing any more.",
                action: on_server(settings, sql::drop_role(role)),
                undo: None, // its password is not known
            });
        } else if found.can_login && found.may_drop {
            plan.change(Change {
                summary: format!("keep the role {role:?} from logging in"),
                why: "It cannot be dropped yet, but Stitch must no longer log in.",
                action: on_server(settings, sql::alter_role(role, &["NOLOGIN"])),
                undo: Some(on_server(settings, sql::alter_role(role, &["LOGIN"]))),
            });
        }
        plan
    }
}

fn not_stitchs(found: &RoleRemovalRow) -> Option<String> {
    if found.is_me {
        Some("it is the one you are logged in as".to_owned())
    } else if found.superuser {
        Some("it is a superuser".to_owned())
    } else if found.members.is_empty() {
        None
    } else {
        Some(format!("other roles are members of it ({})", found.members.join(", ")))
    }
}

fn revoke(plan: &mut Plan, settings: &Settings, facts: &Facts) {
    let role = &settings.stitch.role;
    let (ours, others): (Vec<&Grant>, Vec<&Grant>) = facts.grants.iter().partition(|grant| grant.may_revoke);
    let statement = |grant: &&Grant| sql::revoke("ALL", &grant.kind, &grant.identity, role.as_str());
    if !ours.is_empty() {
        let named = |grant: &&Grant| format!("{} {}", grant.kind, grant.identity);
        let what: Vec<String> = ours.iter().map(named).collect();
        let statements = ours.iter().map(statement).collect();
        plan.change(Change {
            summary: format!("revoke the privileges of {role:?} on {}", what.join(", ")),
            why: "A role with privileges cannot be dropped.",
            action: Action::Sql(Sql::together(&settings.stitch.database, statements)),
            undo: None, // the role goes next
        });
    }
    for grant in others {
        let text = format!(
            "{role:?} has privileges on {} {}, and {:?} may not revoke them",
            grant.kind, grant.identity, facts.user
        );
        let grantors = crate::visible::one_line(&grant.grantors.join(" or "));
        let advice = format!("{grantors} runs: {};", statement(&grant));
        plan.bad(Code::RemoveBlocked, text, advice).concerning(&grant.identity);
    }
}

/// What prevents dropping it, and the advice that removes that.
fn reason_to_keep(settings: &Settings, facts: &Facts, found: &RoleRemovalRow) -> Vec<(String, String)> {
    let role = sql::identifier(settings.stitch.role.as_str());
    let mut reasons: Vec<(String, String)> = Vec::new();
    let mut add = |what: String, advice: &str| reasons.push((what, advice.to_owned()));
    for (database, count) in &facts.elsewhere {
        let objects = pluralize(*count, "object");
        let what = format!("it owns, or was granted something on, {objects} in the database {database:?}");
        let advice = format!(
            "run this again with --database and that name; or check there with: \\dp, \\dn+, \\ddp, and REASSIGN OWNED \
             BY {role} TO …;"
        );
        add(what, &advice);
    }
    if !facts.others.is_empty() {
        let advice = "revoke or drop that by hand, and run this again";
        add(facts.others.join(", "), advice);
    }
    let hands_over = settings.steps.contains(&StepId::Ownership);
    if facts.owned > 0 && (settings.ownership.new_owner.is_none() || !hands_over) {
        let objects = pluralize(facts.owned, "object");
        let what = format!("it owns {objects} in the database {:?}", settings.stitch.database);
        add(what, "give --new-owner ROLE, and do not skip the step ownership");
    }
    if facts.ahead > 0 && !hands_over {
        let what = "it has default privileges of its own".to_owned();
        add(what, "do not skip the step ownership");
    }
    if facts.grants.iter().any(|grant| !grant.may_revoke) {
        let what = "other roles must first revoke what they granted".to_owned();
        add(what, "see above, then run this again");
    }
    if !found.may_drop {
        let advice = format!("a superuser, or a role with CREATEROLE and ADMIN OPTION on it, runs: DROP ROLE {role};");
        add(format!("{:?} may not drop it", facts.user), &advice);
    }
    reasons
}

/// `$1`: the Stitch role. Grants are those of the kinds that are likely; whatever else depends on the role is named.
const QUESTION: &str = "
WITH me AS (SELECT oid, rolname, rolsuper, rolcreaterole, current_setting('server_version_num')::int AS version FROM pg_roles WHERE rolname = current_user),
     s AS (SELECT * FROM pg_roles WHERE rolname = $1),
     here AS (SELECT oid FROM pg_database WHERE datname = current_database()),
     hangs AS (SELECT d.dbid, d.classid, d.objid, d.objsubid, d.deptype FROM pg_shdepend d, s
               WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = s.oid AND d.deptype <> 'i'),
     acls AS (SELECT 'pg_database'::regclass AS class, oid, 'DATABASE' AS kind, datacl AS acl FROM pg_database
              UNION ALL SELECT 'pg_namespace'::regclass, oid, 'SCHEMA', nspacl FROM pg_namespace
              UNION ALL SELECT 'pg_class'::regclass, oid, CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relacl FROM pg_class
              UNION ALL SELECT 'pg_class'::regclass, attrelid, 'TABLE', attacl FROM pg_attribute
              UNION ALL SELECT 'pg_proc'::regclass, oid, 'FUNCTION', proacl FROM pg_proc),
     granted AS (SELECT a.class, a.oid, a.kind, bool_and(me.rolsuper OR pg_has_role(me.oid, e.grantor, 'USAGE')) AS may,
                        json_agg(DISTINCT pg_get_userbyid(e.grantor)) AS grantors
                 FROM me, s, acls a CROSS JOIN LATERAL aclexplode(a.acl) AS e
                 WHERE e.grantee = s.oid AND a.acl IS NOT NULL
                   AND EXISTS (SELECT 1 FROM hangs h WHERE h.classid = a.class AND h.objid = a.oid AND h.deptype = 'a'
                               AND h.dbid IN (0, (SELECT oid FROM here)))
                 GROUP BY a.class, a.oid, a.kind)
SELECT json_build_object(
    'user', me.rolname,
    'role', (SELECT json_build_object(
                 'superuser', s.rolsuper, 'can_login', s.rolcanlogin, 'is_me', s.oid = me.oid,
                 'members', (SELECT coalesce(json_agg(pg_get_userbyid(m.member) ORDER BY 1), '[]') FROM pg_auth_members m
                             WHERE m.roleid = s.oid AND m.member <> me.oid AND pg_get_userbyid(m.member) <> pg_get_userbyid(10)),
                 'may_drop', me.rolsuper OR (me.rolcreaterole AND NOT s.rolsuper
                     AND (me.version < 160000 OR pg_has_role(me.oid, s.oid, 'MEMBER WITH ADMIN OPTION')))) FROM s),
    'grants', (SELECT coalesce(json_agg(json_build_object('kind', g.kind, 'may_revoke', g.may, 'grantors', g.grantors,
                   'identity', (pg_identify_object(g.class, g.oid, 0)).identity)
                   ORDER BY g.kind, (pg_identify_object(g.class, g.oid, 0)).identity), '[]') FROM granted g),
    'owned', (SELECT count(*) FROM hangs h WHERE h.deptype = 'o' AND h.classid <> 'pg_default_acl'::regclass AND h.dbid IN (0, (SELECT oid FROM here))),
    'ahead', (SELECT count(*) FROM hangs h WHERE h.classid = 'pg_default_acl'::regclass AND h.deptype = 'o'
                  AND h.dbid = (SELECT oid FROM here)),
    'others', (SELECT coalesce(json_agg(DISTINCT o.type || ' ' || o.identity), '[]')
               FROM hangs h CROSS JOIN LATERAL pg_identify_object(h.classid, h.objid, h.objsubid) AS o
               WHERE h.deptype <> 'o' AND h.dbid IN (0, (SELECT oid FROM here))
                 AND NOT EXISTS (SELECT 1 FROM granted g WHERE g.class = h.classid AND g.oid = h.objid)),
    'elsewhere', (SELECT coalesce(json_object_agg(datname, number), '{}')
                  FROM (SELECT d.datname, count(*) AS number FROM hangs h JOIN pg_database d ON d.oid = h.dbid
                        WHERE h.dbid <> (SELECT oid FROM here) GROUP BY d.datname ORDER BY d.datname) AS e)
)::text
FROM me";
