//! What a login as Stitch shows: how it came in, what it may do, what room there is, and a test load.

use super::loads::Loads;
use super::server_state::{SEEN, ServerState};
use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::report::{Outcome, Report};
use crate::server::{Encryption, primary};
use crate::settings::{Settings, StitchSsl};
use crate::sql;
use crate::step_id::StepId;
use crate::steps::layers::{self, bad, good, not_reached};
use crate::steps::obstacles::{self, Owners};
use crate::steps::session_settings::{self, Attached};
use crate::world::{Fault, Intermediary, Layer, Offer, Other, Reader, Session, Target, ask, pool_is_full};
use anyhow::{Error, Result};
use futures_util::future::join;
use tokio_postgres::error::SqlState;

/// What Stitch's session shows, in the order in which it is found out.
pub(super) async fn check(
    plan: &mut Plan,
    settings: &Settings,
    reader: &mut Reader,
    session: &Session,
    report: &Report,
) {
    let named = serde_json::json!(settings.ownership.schemas.named()).to_string();
    let database = &settings.stitch.database;
    let other_way = async {
        match session.offer {
            Offer::Refused => Other::NotOffered,
            Offer::Given | Offer::NotAsked => reader.try_other_encryption(database, session.encryption).await,
        }
    };
    let parameters = [named.as_str()];
    let seen = ask(session, SEEN, &parameters, settings.timeout);
    let (seen, other_way): (Result<ServerState>, _) = join(seen, other_way).await;
    let ours = reader.own_sessions() + 1;
    login(plan, settings, session);
    certificate(plan, settings, session);
    exposed(plan, settings, session, seen.as_ref().ok().and_then(|seen| seen.ssl));
    plan.find(ssl_choice(settings, session.encryption, other_way));
    let seen = match seen {
        Ok(seen) => seen,
        Err(error) => {
            plan.find(unseen(settings, &error));
            not_reached(plan, Layer::Privileges);
            return;
        }
    };
    let attached: Vec<Attached> = seen.settings.iter().filter_map(Attached::of).collect();
    let limits = session_settings::findings(settings, &attached);
    plan.findings
        .extend(limits.into_iter().filter(|finding| !is_told(report, finding)));
    let between = reader.intermediary(session, &seen.connection);
    let load = async {
        match seen.blocking_problem(settings) {
            None => Some(Loads::rehearse(settings, session, &seen.schemas).await),
            Some(_) => None,
        }
    };
    // How a pooler shares its sessions shows while this one rests.
    let (between, loads) = if session.is_pooled(&seen.connection) {
        (between.await, load.await)
    } else {
        join(between, load).await
    };
    let is_standby = seen.connection.standby;
    if between == Some(Intermediary::Proxy) && seen.connection.has_relatives() {
        let servers = reader.servers_behind(&seen.connection).await;
        let takes_turns = layers::several_servers(settings, &servers);
        let leads_astray = takes_turns.is_some() && is_standby;
        plan.findings.extend(takes_turns);
        if leads_astray {
            not_reached(plan, Layer::Database);
            return;
        }
    }
    if let Some((layer, code, text, mut advice)) = seen.blocking_problem(settings) {
        if is_standby {
            if let Some(primary) = where_the_primary_is(settings, reader).await {
                advice = format!("the primary is {primary}: {advice}");
            }
        }
        plan.find(bad(layer, code, text, advice));
        not_reached(plan, layer);
        return;
    }
    plan.find(good(
        Layer::Privileges,
        "the role may connect, create schemas and create temporary tables",
    ));
    let Some(loads) = loads else { return };
    let is_superuser = reader.server().await.is_ok_and(|server| server.superuser);
    let obstacles = in_the_way(settings, session, &seen, (&loads, report), is_superuser).await;
    // What passes bytes on has no modes: there, a load that is cut off is just that.
    let is_pooler = between.as_ref().is_some_and(|between| *between != Intermediary::Proxy);
    let statement_mode = is_pooler && loads.is_refused_by_a_pooler();
    plan.findings
        .extend(between.map(|between| pooled(settings, &between, statement_mode)));
    seen.room(plan, ours);
    seen.noticed(plan, settings);
    if !statement_mode {
        loads.judge(plan, settings);
        plan.findings.extend(obstacles);
    }
}

/// The role logged in, and the server does not report to it about itself.
fn unseen(settings: &Settings, error: &Error) -> Finding {
    let words = format!("{error:#}");
    let (code, text, advice) = if let Some(advice) = pool_is_full(&words) {
        let text = "the connection pooler has no session left for the role";
        (Code::LoginPooler, text, advice.to_owned())
    } else if words.contains(SqlState::QUERY_CANCELED.code()) {
        let (role, database) = (&settings.stitch.role, &settings.stitch.database);
        let reset = sql::set_setting(role, database, "statement_timeout", "0");
        (
            Code::SettingInterruptsLoads,
            "the server cancels the role's statements",
            format!("find the timeout (in psql, as the role: SHOW statement_timeout) and reset it: {reset};"),
        )
    } else {
        let advice = "a superuser runs stitch-pg setup, which grants access to these views";
        let text = "the role cannot read the system catalogs";
        (Code::CatalogClosed, text, advice.to_owned())
    };
    bad(Layer::Privileges, code, &format!("{text}: {words}"), advice)
}

fn login(plan: &mut Plan, settings: &Settings, session: &Session) {
    let stitch = &settings.stitch;
    let how = match session.encryption {
        Encryption::Tls => "with TLS",
        Encryption::None => "without TLS",
    };
    let (role, database) = (&stitch.role, &stitch.database);
    let text = format!("database: {role:?} logs in to the database {database:?} {how}");
    let took = session.stages.iter().find(|stage| stage.layer == Layer::Database);
    plan.find(Finding {
        elapsed: took.map(|stage| stage.elapsed),
        ..Finding::good(Code::LoginWorks, text).about(Layer::Database.as_str())
    });
}

/// What others could read on the way, or could have arranged to.
fn exposed(plan: &mut Plan, settings: &Settings, session: &Session, server_has_tls: Option<bool>) {
    let host = &settings.stitch.host;
    if session.encryption == Encryption::None && settings.bastion.is_none() && host.is_public() {
        let text = format!(
            "TLS: Stitch would connect to {host} over the internet without TLS; others can read and change all data on the way"
        );
        let verdict = Verdict::bad_if(settings.stitch.ssl != StitchSsl::Off);
        let found = Finding::new(Code::LoginNotEncrypted, verdict, text);
        let advice = "turn on TLS on the server (ssl = on, with a certificate), or use an SSH server with --bastion";
        plan.find(found.advise(advice).about(Layer::Tls.as_str()));
    }
    if let Some(why) = session.tls_lost(server_has_tls) {
        let text = format!("TLS: the login is not encrypted although TLS may be available: {why}");
        let advice = "find out which device is between; require TLS with --ssl, and in Stitch's form";
        plan.unknown(Code::LoginTlsDowngraded, text, advice)
            .concerning(Layer::Tls.as_str());
    }
    if session.exposed_md5 {
        let text = "authentication: an md5 hash of the password crossed the network without TLS";
        let advice = "give --ssl, or use scram-sha-256 on the server and set a new password with --reset-password";
        plan.unknown(Code::LoginMd5Exposed, text, advice)
            .concerning(Layer::Authentication.as_str());
    }
}

/// What was proposed for Stitch's form. It was checked by the login itself.
fn certificate(plan: &mut Plan, settings: &Settings, session: &Session) {
    let Some(ca) = &settings.stitch.ca else { return };
    let shown = ca.path.display();
    let text = format!("TLS: the server's certificate is signed by {shown}, the certificate for Stitch's form");
    plan.good(Code::CaVerifies, text);
    let certificate = session.certificate.as_ref();
    if let Some(examined) = certificate.filter(|examined| examined.faults.contains(&Fault::Name)) {
        let (names, host) = (examined.names.join(", "), &settings.stitch.host);
        let text = format!(
            "TLS: the server's certificate is for {names}, but Stitch will connect to {host}; Stitch does not document whether it compares them"
        );
        let advice =
            "give the name in the certificate with --stitch-host, or give the server a certificate with this name";
        plan.unknown(Code::CaName, text, advice);
    }
}

fn ssl_choice(settings: &Settings, encryption: Encryption, other_way: Other) -> Finding {
    let text = match (encryption, other_way) {
        (Encryption::Tls, Other::LetIn) => "TLS: Connect using SSL works on and off; on encrypts the data",
        (Encryption::Tls, Other::Refused) => {
            "TLS: Connect using SSL must be on: no rule of pg_hba.conf allows Stitch without TLS"
        }
        (Encryption::None, Other::LetIn) => {
            "TLS: Connect using SSL works off and on; off sends all data except the password unencrypted"
        }
        (Encryption::None, Other::Refused) => {
            "TLS: Connect using SSL must be off: no rule of pg_hba.conf allows Stitch with TLS"
        }
        (_, Other::NotOffered) => "TLS: Connect using SSL must be off: the server does not offer TLS",
        (_, Other::Untold) => "TLS: the login with the other value could not be tested",
    };
    let worse = encryption == Encryption::None && other_way == Other::LetIn;
    if worse && settings.stitch.ssl == StitchSsl::Off {
        return Finding::unknown(Code::SslChoice, text).advise("turn it on, and give --ssl instead of --no-ssl");
    }
    Finding::good(Code::SslChoice, text)
}

/// What the catalog shows of the schemas that Stitch loads, unless the ownership step has reported it already.
async fn in_the_way(
    settings: &Settings,
    session: &Session,
    seen: &ServerState,
    (loads, report): (&Loads, &Report),
    is_superuser: bool,
) -> Vec<Finding> {
    // What belongs to the role in these, and nothing is left to be moved, the step ownership has just read; but only an owner
    // or a superuser sees what numbers a sequence has left.
    let ownership = report.steps.iter().find(|step| step.step == StepId::Ownership);
    let is_read = ownership.is_some_and(|step| matches!(step.outcome, Outcome::Ready(_) | Outcome::Applied(_)));
    let is_read = is_read && is_superuser;
    let schemas = seen.schemas.iter().map(|existing| existing.schema.as_str());
    let schemas: Vec<&str> = schemas
        .filter(|schema| !(is_read && settings.ownership.schemas.names(schema)))
        .collect();
    let seen = match obstacles::read(settings, session, seen.version_num, &schemas, Owners::Listed).await {
        Ok(seen) => seen,
        Err(error) => {
            let text = format!("stitch-pg could not check what may refuse a load into the existing tables: {error:#}");
            return vec![Finding::unknown(Code::WritePrivilegesUnclear, text).advise("run stitch-pg check again")];
        }
    };
    let mut found = obstacles::findings(settings, &seen);
    found.extend(obstacles::not_owned(&seen, &|schema, table| loads.tried(schema, table)));
    found.retain(|finding| {
        let same = |told: &Finding| (told.code, &told.text) == (finding.code, &finding.text);
        !report.findings().any(same)
    });
    found
}

/// Whether an earlier step has reported the same about the same subject.
fn is_told(report: &Report, finding: &Finding) -> bool {
    let same = |told: &Finding| (told.code, &told.subject) == (finding.code, &finding.subject);
    report.findings().any(same)
}

/// The administrator's session knows where a standby gets its data from. If it is on no standby, it is on the primary.
async fn where_the_primary_is(settings: &Settings, reader: &mut Reader) -> Option<String> {
    let asked: Option<Option<String>> = reader.ask(Target::Server, PRIMARY, &[]).await.ok()?;
    let admin = &settings.admin;
    Some(asked?.unwrap_or_else(|| format!("{}:{}", admin.host, admin.port))).filter(|primary| !primary.is_empty())
}

/// Null: this is the primary; empty: it does not say.
const PRIMARY: &str = concat!(
    "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN coalesce(pg_catalog.to_json(",
    primary!(),
    ")::text, '\"\"') ELSE 'null' END"
);

fn pooled(settings: &Settings, between: &Intermediary, statement_mode: bool) -> Finding {
    let by = &settings.stitch.given_by;
    let advice = format!(
        "give Stitch PostgreSQL's own host and port ({}, {}), or a pool in session mode",
        by.host, by.port
    );
    if statement_mode {
        let text = "a connection pooler in statement mode is in front of the server; it refuses transactions, and a load needs one";
        return bad(Layer::Rehearsal, Code::PoolerStatement, text, advice);
    }
    let text = match between {
        Intermediary::SessionPooler => {
            let text = "a connection pooler is in front of the server in session mode, which works for a load";
            return Finding::good(Code::Pooler, text);
        }
        Intermediary::Proxy => {
            let text = "a load balancer or a forwarded port is in front of PostgreSQL";
            return Finding::good(Code::Pooler, text);
        }
        Intermediary::SharedPooler => {
            "a connection pooler is in front of the server in transaction mode. Stitch's loads fail there if their staging tables or prepared statements outlive a transaction, which Stitch does not document".to_owned()
        }
        Intermediary::Pgpool(version) => format!(
            "the pooler Pgpool-II {} is in front of the server. It does not support COPY in the extended protocol, and may send reads to a standby",
            version.split(' ').next().unwrap_or_default()
        ),
    };
    Finding::unknown(Code::Pooler, text).advise(advice)
}
