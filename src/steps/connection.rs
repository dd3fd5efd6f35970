//! Guide step 6: log in as Stitch will, over the path Stitch will take as far as it can be walked from here, layer by
//! layer, and rehearse a load in transactions that are rolled back. Findings only.

mod eyes;
mod inside;
mod loads;
mod seen;
mod way;

use anyhow::Result;

use crate::change::Plan;
use crate::command::Command;
use crate::finding::Code;
use crate::settings::{Route, Settings};
use crate::step_id::StepId;
use crate::steps::{Preflight, Step, Walk, layers};
use crate::world::{Failure, World};
use eyes::Eyes;
use inside::Inside;
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
    /// It did not come to a login; and what the administrator sees of the role and the database.
    Refused(Box<Failure>, Option<Eyes>),
    /// Logged in.
    In(Box<Inside>),
    /// The proof of the way ended before the database.
    NotReached,
}

impl Step for Connection {
    const ID: StepId = StepId::Connection;
    const WHY: &'static str = "Stitch's own test takes minutes and ends in one sentence. Here we log in as Stitch will and rehearse a load, in a transaction that is rolled back.";
    const LINK: &'static str = "/troubleshooting/destinations/destination-connection-error-reference";
    const NEEDS: &'static [StepId] = &[StepId::Database, StepId::Role];
    const PREFLIGHT: Preflight = Preflight::Never;
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
            match world.log_in_as_stitch(settings.stitch.database.as_str()).await {
                Ok(session) => Login::In(Box::new(Inside::look(settings, world, session).await)),
                Err(failure) => {
                    let eyes = Eyes::open(settings, world, &failure).await;
                    Login::Refused(Box::new(failure), eyes)
                }
            }
        };
        Ok(Facts { way, login })
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        let role = settings.stitch.role.as_str();
        facts.way.judge(&mut plan, settings);
        match &facts.login {
            Login::Offline | Login::NotReached => {}
            Login::OnlyPlanning => {
                plan.unknown(
                    Code::ConnectionNotTried,
                    "the login as Stitch is not tried by plan",
                    "stitch-pg check tries it, and changes nothing either",
                );
            }
            Login::NoPassword => {
                plan.unknown(
                    Code::ConnectionNotTried,
                    format!("the password of {role:?} was not given, so the login cannot be tried"),
                    "give it with STITCH_PG_PASSWORD or --password-file FILE",
                );
            }
            Login::Refused(failure, eyes) => {
                layers::passed(&mut plan, &failure.passed);
                family(&mut plan, settings, &failure.passed);
                let told = eyes.as_ref().and_then(|eyes| eyes.explain(failure, settings));
                plan.find(told.unwrap_or_else(|| layers::failed(failure)));
                layers::not_reached_behind(&mut plan, failure);
            }
            Login::In(inside) => {
                layers::passed(&mut plan, &inside.stages);
                family(&mut plan, settings, &inside.stages);
                inside.judge(&mut plan, settings);
            }
        }
        plan
    }
}

/// Stitch dials IPv4 only, whatever this machine can.
fn family(plan: &mut Plan, settings: &Settings, stages: &[crate::world::Stage]) {
    use crate::world::Layer;
    let resolved = stages.iter().any(|stage| stage.layer == Layer::Name);
    let dialable = stages.iter().any(|stage| stage.layer == Layer::Family);
    if resolved && !dialable && settings.bastion.is_none() && settings.admin.route == Route::Direct {
        let host = &settings.stitch.host;
        plan.bad(
            Code::LoginFamily,
            format!("address family: {host} has IPv6 addresses only; Stitch's are IPv4, so it cannot dial it"),
            "give it an IPv4 address, or let Stitch come through an SSH server with --bastion",
        )
        .concerning(Layer::Family.as_str());
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
