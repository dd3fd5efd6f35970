//! The one place where the name of a step becomes its type.

use std::time::Duration;

use anyhow::Result;

use super::walk::{self, Look, Run, StepContext, Stop};
use crate::change::Plan;
use crate::command::Command;
use crate::console::Console;
use crate::report::Outcome;
use crate::settings::{Audience, Settings};
use crate::step_id::StepId;
use crate::steps::allowlist::{Allowlist, CloseAllowlist};
use crate::steps::connection::Connection;
use crate::steps::database::Database;
use crate::steps::ownership::{HandOver, Ownership};
use crate::steps::registration::Registration;
use crate::steps::role::{RemoveRole, Role};
use crate::steps::ssh_user::{RemoveSshUser, SshUser};
use crate::steps::{AfterFailure, Kept, Preflight, SkipReason, Step};

/// Evaluates an expression with the type of a step.
macro_rules! with_step {
    ($goal:expr, $id:expr, $step:ident => $value:expr) => {
        with_step!(@each $goal, $id, $step => $value;
            Allowlist: Allowlist, CloseAllowlist;
            Database: Database, Kept<Database>;
            SshUser: SshUser, RemoveSshUser;
            Role: Role, RemoveRole;
            Ownership: Ownership, HandOver;
            Connection: Connection, Kept<Connection>;
            Registration: Registration, Kept<Registration>)
    };
    (@each $goal:expr, $id:expr, $step:ident => $value:expr; $($name:ident: $set_up:ty, $remove:ty);+) => {
        match ($id, $goal) {
            $(
                (StepId::$name, Goal::SetUp) => {
                    type $step = $set_up;
                    $value
                }
                (StepId::$name, Goal::Remove) => {
                    type $step = $remove;
                    $value
                }
            )+
        }
    };
}

/// What the steps of a run work towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Stitch can load.
    SetUp,
    /// Stitch has no access, and nothing of it is left.
    Remove,
}

impl From<Command> for Goal {
    fn from(command: Command) -> Self {
        match command {
            Command::Remove => Self::Remove,
            _ => Self::SetUp,
        }
    }
}

impl Goal {
    /// The steps in their order: what was made last is removed first.
    pub(super) fn order(self) -> Vec<StepId> {
        let mut steps = StepId::ALL.to_vec();
        if self == Self::Remove {
            steps.reverse();
        }
        steps
    }
}

/// What is known of a step before anything is read.
pub(crate) struct About {
    pub(super) needs: &'static [StepId],
    pub(super) preflight: Preflight,
    pub(super) after_failure: AfterFailure,
    pub(super) skip_reason: SkipReason,
    /// See [`Step::SCRIPTED_FOR`].
    pub(crate) scripted_for: &'static [Audience],
    /// The reason to leave the step out, if there is one.
    pub(crate) skip: fn(&Settings) -> Option<&'static str>,
    /// What is planned when nothing exists yet.
    pub(crate) offline: fn(&Settings) -> Plan,
}

impl About {
    fn of<S: Step>() -> Self {
        Self {
            needs: S::NEEDS,
            preflight: S::PREFLIGHT,
            after_failure: S::AFTER_FAILURE,
            skip_reason: S::SKIP_REASON,
            scripted_for: S::SCRIPTED_FOR,
            skip: S::skip,
            offline: |settings| S::plan(settings, &S::Facts::default()),
        }
    }
}

/// What is known of a step before anything is read.
pub(crate) fn about(goal: Goal, id: StepId) -> About {
    with_step!(goal, id, S => About::of::<S>())
}

/// Walks one step; see [`walk::walk`].
pub(super) async fn walk<C: Console>(
    goal: Goal,
    id: StepId,
    settings: &mut Settings,
    run: &mut Run<'_, C>,
    times: &mut Vec<Duration>,
    before: StepContext<'_>,
) -> Result<Outcome, Stop> {
    with_step!(goal, id, S => Box::pin(walk::walk::<S, C>(settings, run, times, before)).await)
}

/// Inspects and plans one step.
pub(super) async fn planned<C: Console>(
    goal: Goal,
    id: StepId,
    settings: &mut Settings,
    run: &mut Run<'_, C>,
    look: Look,
) -> Result<Plan> {
    with_step!(goal, id, S => Box::pin(walk::planned::<S, C>(settings, run, look)).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::settings::{Approval, Environment, Purpose, RolePassword, SettingsRequest, complete};

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAXpHvUqj4I4TuCEZxnxwyEU8T02FnjXcz+KsP57hxZm";

    /// A plan is made of settings and facts alone: no salt, no clock, no order that differs.
    #[test]
    fn two_plans_are_equal() {
        let words = "stitch-pg plan --host db.example.com --region europe --bastion local --existing --schema stitch_data --reset-password \
                     --manage hba,firewall --register --public-key";
        let words = words.split(' ').chain([KEY]).map(std::ffi::OsString::from);
        let mut environment = Environment::default();
        for (name, value) in [
            ("STITCH_ACCESS_TOKEN", "token"),
            ("STITCH_PG_PASSWORD", "secret"),
            ("PGUSER", "me"),
        ] {
            environment.variables.insert(name.to_owned(), value.into());
        }
        let request = SettingsRequest {
            purpose: Purpose::Plan,
            approval: Approval::Asked,
            config: None,
        };
        let flags = crate::cli::parse_from(words).unwrap().flags;
        let mut settings = complete(flags, &request, &environment, None).unwrap();
        for save_to in [None, Some("stitch.pw".into())] {
            let mut planned = 0;
            for (goal, id) in [Goal::SetUp, Goal::Remove]
                .into_iter()
                .flat_map(|goal| goal.order().into_iter().map(move |id| (goal, id)))
            {
                let plan = (about(goal, id).offline)(&settings);
                assert_eq!(plan, (about(goal, id).offline)(&settings), "{goal:?} {id}");
                planned += usize::from(!plan.changes.is_empty());
            }
            assert!(planned > 3, "{planned} steps plan something");
            let secret = Secret::new("generated".to_owned());
            settings.stitch.password = RolePassword::Generated { secret, save_to };
        }
    }
}
