//! Guide step 6: log in as Stitch will, layer by layer, over as much of Stitch's path as can be tested from here, and run a
//! test load in transactions that are rolled back. Findings only.

mod admin_view;
mod load_findings;
mod load_health;
mod load_query;
mod loads;
mod server_state;
mod session_checks;
mod tunnel;

use anyhow::Result;

use crate::change::Plan;
use crate::command::Command;
use crate::finding::{Code, Finding};
use crate::report::Report;
use crate::settings::{Route, Settings};
use crate::step_id::StepId;
use crate::steps::{Preflight, Step, layers};
use crate::world::{Failure, Layer, Prover, Reader, Session, Stage};
use admin_view::AdminView;

pub(crate) struct Connection;

impl Step for Connection {
    const ID: StepId = StepId::Connection;
    const WHY: &'static str = "Stitch's own test takes minutes and ends in one sentence. stitch-pg logs in as Stitch will and runs a test load in a transaction that is rolled back.";
    const LINK: &'static str = "/troubleshooting/destinations/destination-connection-error-reference";
    const NEEDS: &'static [StepId] = &[StepId::Database, StepId::Role];
    const PREFLIGHT: Preflight = Preflight::Never;
    type Facts = ();

    async fn inspect(_settings: &Settings, _reader: &mut Reader) -> Result<()> {
        Ok(())
    }

    fn plan(_settings: &Settings, (): &()) -> Plan {
        Plan::default()
    }

    async fn prove(settings: &Settings, prover: &mut Prover<'_>, report: &Report) -> Result<Vec<Finding>> {
        let mut plan = Plan::default();
        let mut session = None;
        if settings.stitch.password.secret().is_none() {
            let role = &settings.stitch.role;
            let text = format!("the password of {role:?} was not given, so the login cannot be tested");
            let advice = "give it with STITCH_PG_PASSWORD or --password-file FILE";
            plan.unknown(Code::ConnectionNotTested, text, advice);
        } else if tunnel::walk(&mut plan, settings, prover).await?.is_continue() {
            session = Some(prover.reader().log_in_as_stitch(&settings.stitch.database).await);
        }
        let reader = prover.reader();
        // Before the test load, which takes locks itself.
        let inside = session.as_ref().and_then(|login| login.as_ref().ok());
        let health = match &settings.loads {
            Some(limits) if report.command == Command::Check => {
                load_health::findings(settings, limits, reader, inside).await
            }
            _ => Vec::new(),
        };
        if let Some(login) = session {
            examine(&mut plan, settings, reader, login, report).await;
        }
        plan.findings.extend(health);
        Ok(plan.findings)
    }

    fn not_proved() -> Vec<Finding> {
        let text = "plan does not test the login as Stitch";
        let advice = "stitch-pg check tests it, and changes nothing either";
        vec![Finding::unknown(Code::ConnectionNotTested, text).advise(advice)]
    }
}

async fn examine(
    plan: &mut Plan,
    settings: &Settings,
    reader: &mut Reader,
    login: Result<Session, Failure>,
    report: &Report,
) {
    match login {
        Ok(session) => {
            layers::passed(plan, &session.stages);
            family(plan, settings, &session.stages);
            session_checks::check(plan, settings, reader, &session, report).await;
        }
        Err(failure) => {
            let eyes = AdminView::open(settings, reader, &failure).await;
            layers::passed(plan, &failure.passed);
            family(plan, settings, &failure.passed);
            let told = eyes.and_then(|eyes| eyes.explain(&failure, settings));
            plan.find(told.unwrap_or_else(|| layers::failed(&failure)));
            layers::not_reached_behind(plan, &failure);
        }
    }
}

/// Stitch connects over IPv4 only, whatever this machine can.
fn family(plan: &mut Plan, settings: &Settings, stages: &[Stage]) {
    let resolved = stages.iter().any(|stage| stage.layer == Layer::Name);
    let dialable = stages.iter().any(|stage| stage.layer == Layer::Family);
    if resolved && !dialable && settings.bastion.is_none() && settings.admin.route == Route::Direct {
        let host = &settings.stitch.host;
        let text = format!(
            "address family: {host} has only IPv6 addresses; Stitch connects from IPv4 addresses and cannot reach it"
        );
        let advice = "give it an IPv4 address, or use an SSH server with --bastion";
        plan.bad(Code::LoginIpv6Only, text, advice)
            .concerning(Layer::Family.as_str());
    }
}
