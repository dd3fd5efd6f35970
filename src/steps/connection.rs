//! Guide step 6: log in as Stitch will, over the path Stitch will take as far as it can be walked from here, and rehearse
//! a load in a transaction that is rolled back. Findings only.

mod layers;
mod way;

use std::collections::BTreeSet;

use anyhow::Result;
use serde::Deserialize;

use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::report::Command;
use crate::settings::{Connection as Tab, Schemas, Settings};
use crate::steps::{Step, StepId, Walk};
use crate::world::rehearsal::{self, Existing, Rehearsed};
use crate::world::{Encryption, Failure, On, World};
use way::Way;

/// The step.
pub(crate) struct Connection;

/// What came of trying.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    way: Way,
    login: Login,
}

/// The login as Stitch, from here as far as it goes.
#[derive(Debug, Default)]
enum Login {
    /// Not tried, and why.
    #[default]
    Offline,
    /// `plan` changes nothing and rehearses nothing.
    OnlyPlanning,
    /// No password to log in with.
    NoPassword,
    /// It did not come to a login.
    Refused(Failure),
    /// Logged in.
    In(Box<Inside>),
    /// The proof of the way ended before the database.
    NotReached,
}

/// What a login as Stitch showed.
#[derive(Debug)]
struct Inside {
    encryption: Encryption,
    /// `None` when encryption was not ours to choose: what a login the other way gave.
    scratch: Rehearsed,
    existing: Vec<(Existing, Rehearsed)>,
}

#[derive(Debug, Deserialize)]
struct FirstTable {
    schema: String,
    table: Option<String>,
    stitch_marks: bool,
    /// By the Stitch role. What was detected is its own by now; marks alone may be another loader's.
    owned: bool,
}

impl Step for Connection {
    const ID: StepId = StepId::Connection;
    const WHY: &'static str = "Stitch's own test takes minutes and ends in one sentence. Here we log in as Stitch will and rehearse a load, in a transaction that is rolled back.";
    const LINK: &'static str = "/troubleshooting/destinations/destination-connection-error-reference";
    const NEEDS: &'static [StepId] = &[StepId::Database, StepId::Role];
    type Facts = Facts;

    async fn inspect(settings: &Settings, world: &mut World, walk: Walk) -> Result<Facts> {
        if walk.command == Command::Plan {
            return Ok(Login::OnlyPlanning.into());
        }
        if settings.stitch.password.secret().is_none() {
            return Ok(Login::NoPassword.into());
        }
        let way = Way::walk(settings, world).await?;
        let login = if way.is_blocked() {
            Login::NotReached
        } else {
            Login::try_it(settings, world).await?
        };
        Ok(Facts { way, login })
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        let role = settings.stitch.role.as_str();
        facts.way.judge(&mut plan, settings);
        match &facts.login {
            Login::Offline | Login::NotReached => {}
            Login::OnlyPlanning => plan.find(
                Finding::unknown(Code::ConnectionNotTried, "the login as Stitch is not tried by plan")
                    .advise("stitch-pg check tries it, and changes nothing either"),
            ),
            Login::NoPassword => plan.find(
                Finding::unknown(
                    Code::ConnectionNotTried,
                    format!("the password of {role:?} was not given, so the login cannot be tried"),
                )
                .advise("give it with STITCH_PG_PASSWORD or --password-file FILE"),
            ),
            Login::Refused(failure) => {
                plan.find(layers::finding(failure));
                layers::not_reached(&mut plan, failure);
            }
            Login::In(inside) => inside.judge(&mut plan, settings),
        }
        plan
    }
}

impl From<Login> for Facts {
    fn from(login: Login) -> Self {
        Self {
            way: Way::default(),
            login,
        }
    }
}

impl Login {
    async fn try_it(settings: &Settings, world: &mut World) -> Result<Self> {
        let schemas = schemas_to_rehearse(settings, world).await?;
        let session = match world.log_in_as_stitch(settings.stitch.database.as_str()).await {
            Ok(session) => session,
            Err(failure) => return Ok(Self::Refused(failure)),
        };
        let scratch = rehearsal::new_schema(&session, &settings.stitch.readers, settings.timeout).await;
        let mut existing = Vec::new();
        if scratch.refusal.is_none() {
            for schema in schemas {
                let rehearsed = rehearsal::existing_schema(&session, &schema, settings.timeout).await;
                existing.push((schema, rehearsed));
            }
        }
        Ok(Self::In(Box::new(Inside {
            encryption: session.encryption,
            scratch,
            existing,
        })))
    }
}

impl Inside {
    fn judge(&self, plan: &mut Plan, settings: &Settings) {
        let stitch = &settings.stitch;
        let how = match self.encryption {
            Encryption::Tls => "with TLS",
            Encryption::None => "without TLS",
        };
        plan.find(Finding::good(
            Code::LoginWorks,
            format!(
                "{:?} logs in to the database {:?} {how}",
                stitch.role.as_str(),
                stitch.database.as_str()
            ),
        ));
        match &self.scratch.refusal {
            None => plan.find(Finding::good(
                Code::RehearsalPassed,
                format!(
                    "a load was rehearsed and rolled back: {} acts, all allowed",
                    self.scratch.passed
                ),
            )),
            Some(refusal) => plan.find(layers::rehearsal_refused(refusal, None)),
        }
        for (existing, rehearsed) in &self.existing {
            match &rehearsed.refusal {
                None => plan.find(
                    Finding::good(
                        Code::ExistingRehearsed,
                        format!(
                            "a load into the existing schema {:?} was rehearsed and rolled back",
                            existing.schema
                        ),
                    )
                    .about(&existing.schema),
                ),
                Some(refusal) => plan.find(layers::rehearsal_refused(refusal, Some(&existing.schema))),
            }
        }
    }
}

/// The integration schemas that are there already, each with one table to comment on.
async fn schemas_to_rehearse(settings: &Settings, world: &mut World) -> Result<Vec<Existing>> {
    if settings.ownership.connection == Tab::New {
        return Ok(Vec::new());
    }
    let named: BTreeSet<&str> = match &settings.ownership.schemas {
        Schemas::Named(names) => names.iter().map(crate::names::SchemaName::as_str).collect(),
        Schemas::Detect | Schemas::Ask => BTreeSet::new(),
    };
    let found: Vec<FirstTable> = world
        .ask(
            On::Database(&settings.stitch.database),
            FIRST_TABLES,
            &[settings.stitch.role.as_str()],
        )
        .await?
        .unwrap_or_default();
    let chosen = found.into_iter().filter(|found| {
        if named.is_empty() {
            found.owned && found.stitch_marks && settings.ownership.schemas == Schemas::Detect
        } else {
            named.contains(found.schema.as_str())
        }
    });
    Ok(chosen
        .map(|found| Existing {
            schema: found.schema,
            table: found.table,
        })
        .collect())
}

/// `$1`: the Stitch role.
const FIRST_TABLES: &str = "
SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'table', t.first, 'stitch_marks', coalesce(t.marks, false), 'owned', pg_get_userbyid(n.nspowner) = $1) ORDER BY n.nspname), '[]')::text
FROM pg_namespace n
LEFT JOIN (SELECT relnamespace, min(relname) AS first, bool_or(relname = '_sdc_rejected') AS marks FROM pg_class WHERE relkind IN ('r', 'p') GROUP BY relnamespace) AS t
    ON t.relnamespace = n.oid
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'";
