//! The settings of one run, checked and complete.

use std::time::Duration;

use super::admin::{Admin, Route};
use super::bastion::BastionSettings;
use super::input_files::AllowlistInputs;
use super::input_files::{Machine, Manage};
use super::ownership::OwnershipSettings;
use super::registration::RegistrationSettings;
use super::ssh::BastionServer;
use super::stitch::{RolePassword, Stitch};
use crate::finding::Code;
use crate::provider::Provider;
use crate::step_id::StepId;

/// The settings of one run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the admin's login reaches PostgreSQL.
    pub admin: Admin,
    /// What Stitch will use.
    pub stitch: Stitch,
    /// Whether Stitch has loaded here before, and what must change hands.
    pub ownership: OwnershipSettings,
    /// The SSH server between Stitch and the database, if any.
    pub bastion: Option<BastionSettings>,
    /// Whether and how the destination is registered with Stitch.
    pub registration: RegistrationSettings,
    /// `--loads`: the limits that the loads are checked against.
    pub loads: Option<LoadLimits>,
    /// The codes of findings that you acknowledge: you know of them, and need not be reminded.
    pub acknowledged: Vec<Code>,
    /// What was handed over about the way in.
    pub way_in: AllowlistInputs,
    /// The steps that take part, in running order.
    pub steps: Vec<StepId>,
    /// The longest a single network operation may take.
    pub timeout: Duration,
    /// Base address of the documentation links, without a trailing slash.
    pub docs_url: String,
    /// What you should know about how the settings were given: for example, that other users can read a password file.
    pub warnings: Vec<String>,
}

impl Settings {
    /// After the role has a generated password it is known like any other, for the login that proves it.
    pub(crate) fn password_is_set(&mut self) {
        if let RolePassword::Generated { secret, .. } = &self.stitch.password {
            self.stitch.password = RolePassword::Known(secret.clone());
        }
    }

    /// Who runs the server, as far as that is known before it was asked: as it was said, else by the host's name.
    pub(crate) fn provider(&self) -> Option<Provider> {
        self.admin
            .provider
            .or_else(|| Provider::of_host(self.stitch.host.as_str()))
    }

    /// Where the database runs, if it is a machine this tool can run scripts on. A port that is forwarded to this machine looks the
    /// same, so what is found there is compared with what the server reports.
    pub fn database_machine(&self) -> Option<Machine> {
        if self.admin.route == Route::Direct && self.admin.host.is_local() {
            return Some(Machine::Here);
        }
        let bastion = self.bastion.as_ref()?;
        let is_it = match &bastion.server {
            BastionServer::Ssh(target) => target.host == self.stitch.host,
            BastionServer::Local => false,
        };
        (is_it || self.stitch.host.is_local()).then_some(Machine::Bastion)
    }

    /// Whether this was asked for.
    pub fn manages(&self, what: Manage) -> bool {
        self.way_in.manage.contains(&what)
    }
}

/// The limits of `check --loads`; what is beyond one of them is a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadLimits {
    /// Longest time since the last load of a schema.
    pub max_age: Duration,
    /// How far back rejected records count.
    pub rejected_within: Duration,
    /// Most rejected records of a schema in that time.
    pub max_rejected: u64,
    /// Most columns of a table, dropped ones included.
    pub max_columns: u64,
    /// Longest time that another session may hold a lock on a table.
    pub max_lock: Duration,
}
