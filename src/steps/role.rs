//! Guide step 5: the database role, its password and its rights on the database and the catalogs.

mod action;
mod catalog;
mod create;
mod credcheck;
mod facts;
mod foreign_role;
mod password;
mod readers;
mod removal;
mod rights;

use std::ops::ControlFlow;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use crate::change::{Change, Plan};
use crate::finding::{Code, Verdict};
use crate::secret::Secret;
use crate::settings::{Audience, RolePassword, Settings};
use crate::step_id::StepId;
use crate::steps::Step;
use crate::steps::session_settings::{self, Attached};
use crate::world::{DatabaseHandle, Reader, Target};

pub(crate) use facts::Facts;
use facts::RoleRow;
pub(crate) use removal::RemoveRole;

pub(crate) struct Role;

impl Step for Role {
    const ID: StepId = StepId::Role;
    const WHY: &'static str = "Stitch logs in as a role of its own. It creates schemas and temporary tables, so the role always needs CONNECT, CREATE and TEMPORARY on the database.";
    const LINK: &'static str = "/destinations/postgresql/connecting-a-self-hosted-postgresql-data-warehouse-to-stitch";
    const NEEDS: &'static [StepId] = &[StepId::Database];
    const SCRIPTED_FOR: &'static [Audience] = &[Audience::Dba];
    type Facts = Facts;

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        let stitch = &settings.stitch;
        let server = reader.server().await?;
        let (superuser, provider) = (server.superuser, server.provider);
        // What is attached to this login is not Stitch's.
        let of_server: Vec<Attached> = server.settings.iter().filter_map(Attached::of_server).collect();
        let question = question(if superuser { STORED_PASSWORD } else { "" });
        let readers = json!(stitch.readers).to_string();
        let names = [stitch.role.as_str(), stitch.database.as_str(), &readers];
        let mut facts: Facts = reader.ask(Target::Server, &question, &names).await?.unwrap_or_default();
        facts.keeping.provider = provider;
        facts.attached.extend(of_server);
        if let Some(role) = &mut facts.role {
            own_copies(&mut role.ties.elsewhere, settings, reader).await?;
        }
        if facts.database.is_some() {
            if let Some(place) = reader.place(Target::Database(&stitch.database)).await? {
                inspect_database(&mut facts, settings, &place).await?;
            }
            facts.closed_reason = reader.closed_reason(&stitch.database).cloned();
        }
        facts.password = match &facts.role {
            // The server says the same for an expired role as for a wrong password.
            Some(role) if role.expired && !superuser => {
                password::PasswordProof::Untried("the role has expired".to_owned())
            }
            Some(role) => {
                let there = facts.database.as_ref().map(|_| &stitch.database);
                let home = reader.admin_database();
                let database = there.or(home.as_ref()).unwrap_or(&settings.admin.database);
                password::prove(settings, reader, (superuser, role.stored_password.as_deref()), database).await
            }
            None => password::PasswordProof::NoRole,
        };
        Ok(facts)
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        for trigger in &facts.catalog.triggers {
            plan.find(trigger.finding(Code::EventTriggers, &settings.stitch.database));
        }
        let further = match &facts.role {
            Some(role) => existing(&mut plan, settings, facts, role),
            None => create::plan(&mut plan, settings, facts),
        };
        if further.is_break() {
            return plan;
        }
        rights::plan(&mut plan, settings, facts);
        if facts.is_offline() {
            catalog::offline(&mut plan, settings);
        } else {
            catalog::plan(&mut plan, settings, &facts.catalog, facts.closed_reason.as_ref());
        }
        let limits = session_settings::findings(settings, &facts.attached);
        plan.findings.extend(limits);
        readers::plan(&mut plan, settings, facts);
        plan
    }

    fn after_applied(settings: &mut Settings) -> Option<(&'static str, Secret)> {
        let shown = match &settings.stitch.password {
            RolePassword::Generated { secret, save_to: None } => {
                Some(("the generated password of the Stitch role", secret.clone()))
            }
            _ => None,
        };
        settings.password_is_set();
        shown
    }
}

impl Role {
    /// What gives the role that is there a new password, and nothing else.
    ///
    /// # Errors
    /// Where it has this password already, or must not or may not be given one.
    pub(crate) fn rotation(settings: &Settings, facts: &Facts) -> Result<Vec<Change>> {
        let role = &settings.stitch.role;
        let found = facts.role.as_ref();
        let found = found.with_context(|| format!("the role {role:?} does not exist\nnext: stitch-pg setup"))?;
        ensure!(
            facts.password != password::PasswordProof::Right,
            "the password given is the one that {role:?} has\nnext: give another one, or --generate-password with another \
             --password-file"
        );
        let mut plan = Plan::default();
        if foreign_role::plan(&mut plan, settings, found).is_continue() {
            password::reset(&mut plan, settings, &facts.keeping, &facts.user, found.may_alter);
        }
        match plan.findings.iter().find(|finding| finding.verdict == Verdict::Bad) {
            Some(finding) => {
                let next = finding.advice.as_deref().unwrap_or("stitch-pg check");
                bail!("{}\nnext: {next}", finding.text)
            }
            None => Ok(plan.changes),
        }
    }

    /// The stored form of the role's password; only a superuser's question has it.
    pub(crate) fn stored_password(facts: &Facts) -> Option<Secret> {
        let stored = facts.role.as_ref()?.stored_password.as_ref()?;
        Some(Secret::new(stored.clone()))
    }

    /// Whether the role has the password of the settings.
    pub(crate) fn has_given_password(facts: &Facts) -> bool {
        facts.password == password::PasswordProof::Right
    }
}

/// So many other databases are checked, at the price of a login each.
const COPIES: usize = 4;

/// Removes the databases that Stitch loads as well, as far as this login can check them.
async fn own_copies(elsewhere: &mut Vec<String>, settings: &Settings, reader: &mut Reader) -> Result<()> {
    let mut copies = Vec::new();
    for name in elsewhere.iter().take(COPIES) {
        let Ok(database) = name.parse() else { continue };
        let Some(place) = reader.place(Target::Database(&database)).await? else {
            continue;
        };
        if foreign_role::loads_there(settings, &place).await? {
            copies.push(name.clone());
        }
    }
    elsewhere.retain(|name| !copies.contains(name));
    Ok(())
}

/// What only the database itself reports, at the price of one round trip.
async fn inspect_database(facts: &mut Facts, settings: &Settings, place: &DatabaseHandle) -> Result<()> {
    let unrelated_schemas = async {
        match &mut facts.role {
            Some(role) => {
                role.ties.unrelated_schemas = foreign_role::unrelated_schemas(settings, place).await?;
                Ok(())
            }
            None => Ok(()),
        }
    };
    let (seen, catalog) = (readers::inspect(settings, place), catalog::inspect(settings, place));
    ((), facts.seen, facts.catalog) = tokio::try_join!(unrelated_schemas, seen, catalog)?;
    Ok(())
}

/// Stops where the role is used for something else: it gets no right and no password from this tool.
fn existing(plan: &mut Plan, settings: &Settings, facts: &Facts, found: &RoleRow) -> ControlFlow<()> {
    let role = &settings.stitch.role;
    plan.good(Code::RoleExists, format!("the role {role:?} exists"))
        .concerning(role);
    foreign_role::plan(plan, settings, found)?;
    rights::attributes(plan, settings, found);
    let password = (&facts.password, &facts.keeping);
    password::plan(plan, settings, password, &facts.user, found.may_alter);
    ControlFlow::Continue(())
}

/// `pg_authid` is open to superusers alone, and even a question that never reads the column fails for others.
const STORED_PASSWORD: &str = "'stored_password', (SELECT a.rolpassword FROM pg_authid a WHERE a.oid = r.oid),";

fn question(stored_password: &str) -> String {
    format!(
        "
WITH me AS (SELECT oid, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user)
SELECT json_build_object(
    'role', (SELECT json_build_object(
                 'can_login', r.rolcanlogin, 'superuser', r.rolsuper, 'connection_limit', r.rolconnlimit,
                 'expired', coalesce(r.rolvaliduntil < now(), false),
                 'valid_until', (SELECT r.rolvaliduntil::text WHERE r.rolvaliduntil <> 'infinity'),
                 'ties', {ties},
                 {stored_password}
                 'may_alter', me.rolsuper OR (me.rolcreaterole AND NOT r.rolsuper
                     AND (current_setting('server_version_num')::int < 160000
                          OR pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION'))))
             FROM pg_roles r WHERE r.rolname = $1),
    'database', {on_database},
    'attached', {attached},
    'keeping', {keeping},
    'standing', {standing},
    'user', current_user,
    'may_create_roles', me.rolsuper OR me.rolcreaterole,
    'creators', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]')
                 FROM (SELECT rolname FROM pg_roles WHERE (rolcreaterole OR rolsuper) AND rolcanlogin ORDER BY rolname LIMIT 5) AS c)
)::text
FROM me",
        on_database = rights::QUESTION,
        attached = session_settings::QUESTION,
        keeping = password::KEEPING,
        standing = readers::STANDING,
        ties = foreign_role::QUESTION
    )
}
