//! The steps of `remove`: the same engine over the steps' other halves, which take away what the first halves made.

use std::time::Duration;

use anyhow::Result;

use super::{Before, Run, Stop, ahead, one as walk};
use crate::change::Plan;
use crate::console::Console;
use crate::report::Outcome;
use crate::settings::Settings;
use crate::step_id::StepId;
use crate::steps::allowlist::CloseAllowlist;
use crate::steps::ownership::HandOver;
use crate::steps::role::RemoveRole;
use crate::steps::ssh_user::RemoveSshUser;

/// Why there is nothing to take away.
fn stays(id: StepId) -> &'static str {
    match id {
        StepId::Database => "a database, and what Stitch loaded into it, is never dropped",
        StepId::Registration => "delete or pause the destination in Stitch yourself, so that it stops trying",
        _ => "nothing of it stays behind",
    }
}

pub(super) async fn one<C: Console>(
    id: StepId,
    settings: &mut Settings,
    run: &mut Run<'_, C>,
    times: &mut Vec<Duration>,
    before: Before,
) -> Result<Outcome, Stop> {
    match id {
        StepId::Allowlist => walk::<CloseAllowlist, C>(settings, run, times, before).await,
        StepId::SshUser => walk::<RemoveSshUser, C>(settings, run, times, before).await,
        StepId::Role => walk::<RemoveRole, C>(settings, run, times, before).await,
        StepId::Ownership => walk::<HandOver, C>(settings, run, times, before).await,
        StepId::Database | StepId::Connection | StepId::Registration => {
            let reason = stays(id);
            run.console.event(&crate::console::Event::Skipped { id, reason })?;
            Ok(Outcome::Skipped(reason.to_owned()))
        }
    }
}

/// The plan, or the reason to leave the step out.
pub(super) async fn plan<C: Console>(
    id: StepId,
    settings: &mut Settings,
    run: &mut Run<'_, C>,
) -> Result<Result<Plan, &'static str>> {
    match id {
        StepId::Allowlist => ahead::plan::<CloseAllowlist, C>(settings, run).await,
        StepId::SshUser => ahead::plan::<RemoveSshUser, C>(settings, run).await,
        StepId::Role => ahead::plan::<RemoveRole, C>(settings, run).await,
        StepId::Ownership => ahead::plan::<HandOver, C>(settings, run).await,
        StepId::Database | StepId::Connection | StepId::Registration => Ok(Err(stays(id))),
    }
}
