//! Guide step 2: the database Stitch loads into. Created when it is missing, never altered when it is there.

mod existing;
mod writable;

use anyhow::Result;
use serde::Deserialize;

use crate::change::{Action, Change, Execution, Plan, Sql};
use crate::finding::{Code, Finding};
use crate::server::{PostgresServer, primary};
use crate::settings::{Audience, Settings};
use crate::sql::{self, Template};
use crate::statement::Statement;
use crate::step_id::StepId;
use crate::steps::event_triggers::{EventTrigger, event_triggers};
use crate::steps::{Step, layers, who_creates};
use crate::world::{Intermediary, Reader, SeenConnection, Target};

/// Something in between that is not PostgreSQL.
const POOLER: &str = "PostgreSQL behind a pooler that refuses startup options, as PgBouncer does: plan and check cannot use read-only sessions there, so better give PostgreSQL's own host and port";

pub(crate) struct Database;

/// First version that knows with which version of a collation a database was made.
const COLLATION_VERSIONS: i32 = 150_000;

/// What the server says about the database, and about our right to make it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    found: Option<existing::DatabaseRow>,
    /// A database whose name differs only in case.
    similar: Option<String>,
    in_recovery: bool,
    /// What keeps every change of this server from being made.
    writes: writable::Writes,
    /// Where a standby gets its data from, where it says so.
    primary: Option<String>,
    /// The servers that logins to this address reach by turns.
    #[serde(skip)]
    servers: Vec<(SeenConnection, u32)>,
    user: String,
    may_create: bool,
    template_encoding: String,
    /// Sessions in `template1`: while there is one, it cannot be copied. Autovacuum does not count, for the server ends it;
    /// its sessions have no user. Their kind (`backend_type`) is hidden from a login without `pg_read_all_stats`.
    template_users: Vec<String>,
    /// Why the server refuses to copy `template1`: the version of its collation.
    template_collation: Option<String>,
    /// Roles that could create it, for the advice.
    creators: Vec<String>,
    /// The owner of a new one, where the database that we are in has a setting that decides as which role its sessions act.
    owner: Option<String>,
    /// Those at logins, unless this is the target: its own are reported with the role.
    login_triggers: Vec<EventTrigger>,
    /// What the server is.
    #[serde(skip)]
    server: Option<PostgresServer>,
    /// The server's own setting.
    ssl: Option<bool>,
    /// Why the administrator's login has no TLS, where it could have had it.
    #[serde(skip)]
    tls_lost: Option<String>,
    /// A hash of the administrator's password could be read on the way.
    #[serde(skip)]
    exposed_md5: bool,
}

impl Step for Database {
    const ID: StepId = StepId::Database;
    const WHY: &'static str = "Stitch loads into one database and creates its schemas and tables there. The database must exist before Stitch connects.";
    const LINK: &'static str = "/destinations/postgresql/connecting-a-self-hosted-postgresql-data-warehouse-to-stitch";
    const SCRIPTED_FOR: &'static [Audience] = &[Audience::Dba];
    const KEPT: &'static str = "a database, and what Stitch loaded into it, is never dropped";
    type Facts = Facts;

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        let name = settings.stitch.database.as_str();
        let has_versions = reader.server().await?.version_num >= COLLATION_VERSIONS;
        let collation = if has_versions { COLLATION } else { "NULL" };
        let question = QUESTION.replace("/* collation */", collation);
        let role = settings.stitch.role.as_str();
        let answer = reader.ask(Target::Server, &question, &[name, role]).await?;
        let mut facts: Facts = answer.unwrap_or_default();
        facts.server = Some(reader.server().await?.clone());
        if let Some(session) = reader.admin_session() {
            facts.tls_lost = session.tls_lost(facts.ssl);
            facts.exposed_md5 = session.exposed_md5;
        }
        if facts.in_recovery && settings.admin.host == settings.stitch.host {
            if let Some((seen, Intermediary::Proxy)) = reader.seen_through_intermediary().await {
                facts.servers = reader.servers_behind(&seen).await;
            }
        }
        Ok(facts)
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        let name = &settings.stitch.database;
        let server = facts.server.as_ref();
        if let Some((server, day)) = server.and_then(|server| Some((server, server.support_ended()?))) {
            let version = &server.version;
            let text = format!("PostgreSQL {version} has had no updates from the community since {day}");
            let advice = "stitch-pg works with it; plan an upgrade, unless your provider keeps it patched";
            plan.unknown(Code::ServerEndOfLife, text, advice);
        }
        own_login(&mut plan, facts);
        let pooler = server.filter(|server| server.pooled).map(|_| POOLER);
        let variants = server.map(|server| server.signs.variants());
        for variant in variants.into_iter().flatten().chain(pooler) {
            plan.find(Finding::unknown(Code::ServerVariant, format!("this is {variant}")));
        }
        for trigger in &facts.login_triggers {
            plan.find(trigger.finding(Code::LoginTriggers, &settings.admin.database));
        }
        plan.findings.extend(layers::several_servers(settings, &facts.servers));
        if facts.in_recovery {
            plan.bad(
                Code::ServerStandby,
                "this server is a standby (or a read-only endpoint), so Stitch cannot load here",
                match &facts.primary {
                    Some(primary) => format!("connect to the primary, which is {}", crate::visible::one_line(primary)),
                    None => "connect to the primary; on Aurora that is the cluster's writer endpoint; elsewhere a superuser finds it on this server with: SELECT sender_host, sender_port FROM pg_stat_wal_receiver; SHOW primary_conninfo;".to_owned(),
                },
            );
        }
        let is_writable = !facts.in_recovery && writable::judge(&mut plan, &facts.writes, server);
        if let Some(found) = &facts.found {
            existing::judge(&mut plan, settings, found);
            return plan;
        }
        if let Some(similar) = &facts.similar {
            let text = format!("there is no database {name:?}, but there is {similar:?}; case matters");
            let advice = format!("to use that one, give --database {}", crate::shell::word(similar));
            plan.unknown(Code::DatabaseSimilarName, text, advice)
                .concerning(similar);
        }
        if !is_writable {
            return plan;
        }
        if facts.user.is_empty() {
            offline(&mut plan, settings);
            return plan;
        }
        let template = template(&mut plan, facts);
        // No transaction can hold it, so nothing in front of it sets the role that it runs as. Where a pooler drops that, another
        // role would make it, which may not give it to this one: the server refuses it then.
        let statement = sql::create_database(name, template, facts.owner.as_deref());
        if facts.may_create {
            plan.change(create(settings, "", statement, sql::database_exists(name)));
        } else {
            let making = server.and_then(|server| server.provider.definition().making_databases);
            let advice = who_creates(making, &facts.creators, "CREATEDB", &statement);
            let text = format!(
                "the database {name:?} does not exist, and {:?} may not create databases (it lacks CREATEDB)",
                facts.user
            );
            plan.bad(Code::DatabaseCannotCreate, text, advice).concerning(name);
        }
        plan
    }
}

/// What a new database is copied from; `template1`, unless the server would refuse that.
fn template(plan: &mut Plan, facts: &Facts) -> Template {
    if facts.template_encoding != "UTF8" {
        return Template::Pristine;
    }
    let (why, advice) = match (&facts.template_collation, facts.template_users.as_slice()) {
        (Some(versions), _) => (
            format!("its collation has another version now ({versions})"),
            "to copy it instead, a superuser first runs: ALTER DATABASE template1 REFRESH COLLATION VERSION;",
        ),
        (None, []) => return Template::Default,
        (None, users) => (
            format!("it is in use by {}", users.join("; ")),
            "to copy it, end those sessions and run the same command again",
        ),
    };
    let text = format!("the server cannot copy template1 ({why}), so the database is created with TEMPLATE template0");
    let advice = format!("objects that were added to template1 will be missing; {advice}");
    plan.unknown(Code::TemplateUnusable, text, advice)
        .concerning("template1");
    Template::Untouched
}

/// For a script that is written without a check: the template's encoding at that time decides.
fn offline(plan: &mut Plan, settings: &Settings) {
    let name = &settings.stitch.database;
    let (exists, other) = (sql::database_exists(name), sql::template_is_not_utf8());
    let usual = sql::create_database(name, Template::Default, None);
    plan.change(create(settings, "", usual, format!("{exists} OR {other}")));
    let pristine = sql::create_database(name, Template::Pristine, None);
    plan.change(create(settings, ", where template1 is not UTF-8", pristine, exists));
}

fn create(settings: &Settings, where_that: &str, statement: Statement, unless: String) -> Change {
    Change {
        summary: format!("create the database {:?}{where_that}", settings.stitch.database),
        why: "Stitch connects to a database that exists; it does not create one.",
        action: Action::Sql(Sql {
            run: Execution::Autocommit,
            unless: Some(unless),
            ..Sql::together(&settings.admin.database, vec![statement])
        }),
        undo: None, // a database is never dropped by this tool
    }
}

/// What is worth knowing of the server and the administrator's own login.
fn own_login(plan: &mut Plan, facts: &Facts) {
    if let Some(why) = &facts.tls_lost {
        let text = format!("this login is not encrypted although TLS may be available: {why}");
        let advice =
            "find out which device is between; give --sslmode require, or better verify-full with --sslrootcert";
        plan.unknown(Code::AdminTlsDowngraded, text, advice);
    }
    if let Some(version) = facts.server.as_ref().and_then(PostgresServer::untried) {
        let text = format!("PostgreSQL {version} is newer than any version that stitch-pg was tested with");
        let advice = "stitch-pg does the same as on earlier versions; check for a newer stitch-pg";
        plan.unknown(Code::ServerVersionUntested, text, advice);
    }
    if facts.exposed_md5 {
        let text = "an md5 hash of this login's password crossed the network without TLS";
        let advice = "give --sslmode require, or use scram-sha-256 on the server and set a new password";
        plan.unknown(Code::AdminMd5Exposed, text, advice);
    }
}

const QUESTION: &str = concat!(
    "
SELECT json_build_object(
    'login_triggers', ",
    event_triggers!("t.evtevent = 'login' AND current_database() <> $1"),
    ",
    'found', (SELECT json_build_object(
                  'encoding', pg_encoding_to_char(encoding), 'owner', pg_get_userbyid(datdba),
                  'allows_connections', datallowconn, 'is_template', datistemplate, 'connection_limit', datconnlimit)
              FROM pg_database WHERE datname = $1),
    'similar', (SELECT min(datname) FROM pg_database WHERE lower(datname) = lower($1) AND datname <> $1),
    'in_recovery', pg_is_in_recovery(),
    'writes', ",
    writable::question!(),
    ",
    'primary', ",
    primary!(),
    ",
    'ssl', current_setting('ssl', true) = 'on',
    'user', current_user,
    'may_create', (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user),
    'owner', CASE WHEN EXISTS (SELECT 1 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase CROSS JOIN LATERAL unnest(s.setconfig) AS c
                               WHERE d.datname = current_database() AND c LIKE 'role=%') THEN current_user END,
    'template_encoding', coalesce((SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'template1'), ''),
    'template_users', (SELECT coalesce(json_agg(format('pid %s, user %s', a.pid, a.usename)
                           || coalesce(', application ' || nullif(a.application_name, ''), '') ORDER BY a.pid), '[]')
                       FROM pg_stat_activity a WHERE a.datname = 'template1' AND a.pid <> pg_backend_pid()
                         AND a.usesysid IS NOT NULL),
    'template_collation', /* collation */,
    'creators', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]')
                 FROM (SELECT rolname FROM pg_roles WHERE (rolcreatedb OR rolsuper) AND rolcanlogin ORDER BY rolname LIMIT 5) AS c)
)::text"
);

/// What `CREATE DATABASE` compares.
const COLLATION: &str = "(SELECT format('%s when it was made, %s now', t.datcollversion, coalesce(pg_database_collation_actual_version(t.oid), 'none'))
     FROM pg_database t WHERE t.datname = 'template1' AND t.datcollversion IS NOT NULL
       AND t.datcollversion IS DISTINCT FROM pg_database_collation_actual_version(t.oid))";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_major_is_told_in_one_line() {
        let mut plan = Plan::default();
        let server = PostgresServer {
            version: "19.1".to_owned(),
            version_num: 190_001,
            ..PostgresServer::default()
        };
        let facts = Facts {
            server: Some(server),
            ..Facts::default()
        };
        own_login(&mut plan, &facts);
        let [finding] = plan.findings.as_slice() else {
            panic!("{plan:?}")
        };
        assert_eq!(finding.code.as_str(), "server-version-untested");
        assert!(finding.text.contains("19.1"), "{finding:?}");
    }
}
