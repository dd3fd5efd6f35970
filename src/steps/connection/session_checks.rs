//! What a login as Stitch shows once it is in: how it came in, what it may do, what room there is, and a load rehearsed.

use super::loads::Loads;
use super::server_state::{SEEN, ServerState};
use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::report::Report;
use crate::server::Encryption;
use crate::settings::{Schemas, Settings, StitchSsl};
use crate::steps::layers::{self, bad, good, not_reached};
use crate::steps::obstacles;
use crate::steps::session_settings::{self, Attached};
use crate::world::{Fault, Intermediary, Layer, Offer, Other, Reader, SeenConnection, Session, Stage, Target, ask};
use anyhow::Error;
use tokio_postgres::error::SqlState;

/// See the module's description.
#[derive(Debug)]
pub(super) struct SessionChecks {
    pub(super) stages: Vec<Stage>,
    encryption: Encryption,
    tls_lost: Option<String>,
    exposed_md5: bool,
    other_way: Other,
    certificate_faults: Vec<Fault>,
    certificate_names: Vec<String>,
    seen: Result<ServerState, Error>,
    between: Option<Intermediary>,
    /// The servers that logins came to, where something in between may choose.
    servers: Vec<(SeenConnection, u32)>,
    /// Where a standby gets its data from.
    primary: Option<String>,
    loads: Option<Loads>,
    /// This run's own sessions.
    ours: i64,
    /// What the session's settings do to a load, unless the step of the role has told it already.
    limits: Vec<Finding>,
    /// What the catalog shows of the schemas that the step before did not look into.
    obstacles: Vec<Finding>,
}

impl SessionChecks {
    pub(super) async fn look(settings: &Settings, reader: &mut Reader, session: Session, report: &Report) -> Self {
        let named: Vec<&str> = match &settings.ownership.schemas {
            Schemas::Named(names) => names.iter().map(crate::names::SchemaName::as_str).collect(),
            Schemas::Detect | Schemas::Ask => Vec::new(),
        };
        let named = serde_json::json!(named).to_string();
        let seen: Result<ServerState, Error> = ask(&session, SEEN, &[&named], settings.timeout).await;
        let database = settings.stitch.database.as_str();
        let other_way = match session.offer {
            Offer::Refused => Other::NotOffered,
            Offer::Given | Offer::NotAsked => reader.try_other_encryption(database, session.encryption).await,
        };
        let ours = reader.own_sessions() + 1;
        let (mut between, mut loads, mut obstacles, mut limits) = (None, None, Vec::new(), Vec::new());
        let (mut servers, mut primary) = (Vec::new(), None);
        if let Ok(seen) = &seen {
            let attached: Vec<Attached> = seen.settings.iter().filter_map(Attached::of).collect();
            limits = session_settings::findings(settings, &attached);
            limits.retain(|finding| !is_told(report, finding));
            between = reader.intermediary(&session, &seen.connection).await;
            if between == Some(Intermediary::Proxy) && seen.connection.has_relatives() {
                servers = reader.servers_behind(&seen.connection).await;
            }
            if seen.connection.is_standby() {
                primary = where_the_primary_is(settings, reader).await;
            }
            if seen.blocking_problem().is_none() {
                let rehearsed = Loads::rehearse(settings, &session, &seen.schemas).await;
                obstacles = in_the_way(settings, reader, &session, seen, (&rehearsed, report)).await;
                loads = Some(rehearsed);
            }
        }
        let tls_lost = session.tls_lost(seen.as_ref().ok().and_then(|seen| seen.ssl));
        let exposed_md5 = session.exposed_md5;
        let examined = session.certificate.unwrap_or_default();
        Self {
            stages: session.stages,
            encryption: session.encryption,
            tls_lost,
            exposed_md5,
            other_way,
            certificate_faults: examined.faults,
            certificate_names: examined.names,
            seen,
            between,
            servers,
            primary,
            loads,
            ours,
            limits,
            obstacles,
        }
    }

    pub(super) fn judge(&self, plan: &mut Plan, settings: &Settings) {
        self.login(plan, settings);
        self.certificate(plan, settings);
        self.exposed(plan);
        plan.find(self.ssl_choice(settings));
        plan.findings.extend(self.limits.iter().cloned());
        let seen = match &self.seen {
            Ok(seen) => seen,
            Err(error) if format!("{error:#}").contains(SqlState::QUERY_CANCELED.code()) => {
                plan.find(bad(
                    Layer::Privileges,
                    Code::SettingInterruptsLoads,
                    &format!("the server cancels what the role does before it is done: {error:#}"),
                    format!(
                        "find the timeout (in psql, as the role: SHOW statement_timeout) and lift it: {};",
                        crate::sql::set_setting(
                            &settings.stitch.role,
                            &settings.stitch.database,
                            "statement_timeout",
                            "0"
                        )
                    ),
                ));
                not_reached(plan, Layer::Privileges);
                return;
            }
            Err(error) => {
                plan.find(bad(
                    Layer::Privileges,
                    Code::CatalogClosed,
                    &format!("the role cannot read the system catalogs: {error:#}"),
                    "stitch-pg setup opens the views that were closed; a superuser runs it",
                ));
                not_reached(plan, Layer::Privileges);
                return;
            }
        };
        let takes_turns = layers::several_servers(settings, &self.servers);
        let leads_astray = takes_turns.is_some() && seen.connection.is_standby();
        plan.findings.extend(takes_turns);
        if leads_astray {
            not_reached(plan, Layer::Database);
            return;
        }
        if let Some((layer, code, text, advice)) = seen.blocking_problem() {
            let advice = match &self.primary {
                Some(primary) => format!("the primary is {primary}: {advice}"),
                None => advice.to_owned(),
            };
            plan.find(bad(layer, code, text, advice));
            not_reached(plan, layer);
            return;
        }
        plan.find(good(
            Layer::Privileges,
            "the role may connect, create schemas and make temporary tables",
        ));
        // What passes bytes on has no modes: there, a load that is cut off is just that.
        let is_pooler = self
            .between
            .as_ref()
            .is_some_and(|between| *between != Intermediary::Proxy);
        let statement_mode = is_pooler && self.loads.as_ref().is_some_and(Loads::is_refused_by_a_pooler);
        let found = self
            .between
            .as_ref()
            .map(|between| pooled(settings, between, statement_mode));
        plan.findings.extend(found);
        seen.room(plan, self.ours);
        seen.noticed(plan);
        if let Some(loads) = self.loads.as_ref().filter(|_| !statement_mode) {
            loads.judge(plan, settings);
            plan.findings.extend(self.obstacles.iter().cloned());
        }
    }

    fn login(&self, plan: &mut Plan, settings: &Settings) {
        let stitch = &settings.stitch;
        let how = match self.encryption {
            Encryption::Tls => "with TLS",
            Encryption::None => "without TLS",
        };
        let text = format!(
            "database: {:?} logs in to the database {:?} {how}",
            stitch.role.as_str(),
            stitch.database.as_str()
        );
        let finding = Finding::good(Code::LoginWorks, text).about(Layer::Database.as_str());
        let took = self.stages.iter().find(|stage| stage.layer == Layer::Database);
        plan.find(match took {
            Some(stage) => finding.took(stage.elapsed),
            None => finding,
        });
    }

    /// What others could read on the way, or could have arranged to.
    fn exposed(&self, plan: &mut Plan) {
        if let Some(why) = &self.tls_lost {
            plan.unknown(
                Code::LoginTlsDowngraded,
                format!("TLS: the login is not encrypted, although TLS could have been had: {why}"),
                "find out what stands between; demand TLS with --ssl, and the same in Stitch's form",
            )
            .concerning(Layer::Tls.as_str());
        }
        if self.exposed_md5 {
            plan.unknown(
                Code::LoginMd5Exposed,
                "authentication: an md5 hash of the password went over the network without TLS",
                "give --ssl, or let the server use scram-sha-256 and set the password anew with \
                 --reset-password",
            )
            .concerning(Layer::Authentication.as_str());
        }
    }

    /// What was proposed for Stitch's form. It was checked by the login itself.
    fn certificate(&self, plan: &mut Plan, settings: &Settings) {
        let Some(ca) = &settings.stitch.ca else { return };
        let shown = ca.path.display();
        plan.good(
            Code::CaVerifies,
            format!("TLS: the certificate for Stitch's form, {shown}, vouches for this server"),
        );
        if self.certificate_faults.contains(&Fault::Name) {
            plan.unknown(
                Code::CaName,
                format!(
                    "TLS: the server's certificate is for {}, and Stitch will dial {}; it is not documented whether \
                         Stitch compares the two",
                    self.certificate_names.join(", "),
                    settings.stitch.host
                ),
                "dial the name in the certificate with --stitch-host, or give the server one with this name",
            );
        }
    }

    fn ssl_choice(&self, settings: &Settings) -> Finding {
        let text = match (self.encryption, self.other_way) {
            (Encryption::Tls, Other::LetIn) => {
                "TLS: Connect using SSL works ticked and unticked; ticked, nobody on the way can read along"
            }
            (Encryption::Tls, Other::Refused) => {
                "TLS: Connect using SSL has to be ticked: without, no rule of pg_hba.conf lets Stitch in"
            }
            (Encryption::None, Other::LetIn) => {
                "TLS: Connect using SSL works unticked and ticked; unticked, everything but the password can be read on the way"
            }
            (Encryption::None, Other::Refused) => {
                "TLS: Connect using SSL has to stay unticked: with TLS no rule of pg_hba.conf lets Stitch in"
            }
            (_, Other::NotOffered) => "TLS: Connect using SSL has to stay unticked: the server does not offer TLS",
            (_, Other::Untold) => "TLS: the login the other way could not be tried",
        };
        let worse = self.encryption == Encryption::None && self.other_way == Other::LetIn;
        if worse && settings.stitch.ssl == StitchSsl::Off {
            return Finding::unknown(Code::SslChoice, text).advise("tick it, and give --ssl instead of --no-ssl");
        }
        Finding::good(Code::SslChoice, text)
    }
}

/// What the catalog shows of the schemas that Stitch loads, unless the ownership step has told it already.
async fn in_the_way(
    settings: &Settings,
    reader: &Reader,
    session: &Session,
    seen: &ServerState,
    (loads, report): (&Loads, &Report),
) -> Vec<Finding> {
    let schemas: Vec<&str> = seen.schemas.iter().map(|existing| existing.schema.as_str()).collect();
    let version = reader.known_server().map_or(0, |server| server.version_num);
    let Ok(request) = obstacles::ObstaclesQuery::new(settings, version, &schemas) else {
        return Vec::new();
    };
    let seen = match obstacles::read_as_stitch(request.as_ref(), session, settings).await {
        Ok(seen) => seen,
        Err(error) => {
            let text = format!("what could refuse a load into the existing tables was not seen: {error:#}");
            return vec![Finding::unknown(Code::WritePrivilegesUnclear, text).advise("run stitch-pg check again")];
        }
    };
    let mut found = obstacles::findings(settings, &seen);
    found.extend(obstacles::not_owned(&seen, &|schema, table| loads.tried(schema, table)));
    found.retain(|finding| !is_told(report, finding));
    found
}

/// Whether a step before has told the same of the same.
fn is_told(report: &Report, finding: &Finding) -> bool {
    let same = |told: &Finding| (told.code, &told.subject) == (finding.code, &finding.subject);
    report.findings().any(same)
}

/// The administrator knows where a standby gets its data from; whoever is not on one is on the primary itself.
async fn where_the_primary_is(settings: &Settings, reader: &mut Reader) -> Option<String> {
    let asked: Option<Option<String>> = reader.ask(Target::Server, PRIMARY, &[]).await.ok()?;
    let admin = &settings.admin;
    Some(asked?.unwrap_or_else(|| format!("{}:{}", admin.host, admin.port))).filter(|primary| !primary.is_empty())
}

/// Null: this is the primary; empty: it does not say. The view has these columns from PostgreSQL 11 on.
const PRIMARY: &str = "
SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN coalesce((
    SELECT pg_catalog.to_json((pg_catalog.to_jsonb(w) ->> 'sender_host') || ':' || (pg_catalog.to_jsonb(w) ->> 'sender_port'))
    FROM pg_catalog.pg_stat_wal_receiver AS w), '\"\"') ELSE 'null' END::text";

fn pooled(settings: &Settings, between: &Intermediary, statement_mode: bool) -> Finding {
    let by = &settings.stitch.given_by;
    let advice = format!(
        "give Stitch PostgreSQL's own host and port ({}, {}), or a pool in session mode",
        by.host, by.port
    );
    if statement_mode {
        return bad(
            Layer::Rehearsal,
            Code::PoolerStatement,
            "a connection pooler in statement mode stands between, which refuses transactions; a load is one",
            advice,
        );
    }
    match between {
        Intermediary::SessionPooler => Finding::good(
            Code::Pooler,
            "a connection pooler stands between and keeps one server session for each client, as a load needs",
        ),
        Intermediary::SharedPooler => Finding::unknown(
            Code::Pooler,
            "a connection pooler stands between and shares server sessions among its clients (transaction mode). All of \
             this works through it; Stitch's loads work as long as their staging tables and prepared statements live in \
             one transaction, which is not documented",
        )
        .advise(advice),
        Intermediary::Pgpool(version) => Finding::unknown(
            Code::Pooler,
            format!(
                "the pooler Pgpool-II {} stands between. It does not pass on COPY by the extended protocol, and may send what only reads to \
                 a standby",
                version.split(' ').next().unwrap_or_default()
            ),
        )
        .advise(advice),
        Intermediary::Proxy => Finding::good(
            Code::Pooler,
            "a load balancer or a forwarded port stands between, and passes connections on to PostgreSQL",
        ),
    }
}
