//! Guide steps 3 and 4: the Linux user Stitch logs in as on the SSH server, Stitch's key in its `authorized_keys`, and
//! whether the SSH server lets the two do their work.

use anyhow::Result;

use super::{AfterFailure, Step};
use crate::change::Plan;
use crate::settings::{Audience, BastionSettings, Settings};
use crate::shell;
use crate::step_id::StepId;
use crate::world::Reader;

mod account;
mod dropbear;
pub(crate) mod facts;
mod key_file;
mod key_options;
mod key_restrictions;
mod login_limits;
mod modes;
mod offline;
mod removal;
mod server;

pub(crate) use facts::Facts;
pub(crate) use removal::RemoveSshUser;

use account::{account_name, add_user, came_from, no_key};

pub(crate) struct SshUser;

impl Step for SshUser {
    const ID: StepId = StepId::SshUser;
    const WHY: &'static str = "Stitch reaches a database without a public address through your SSH server. It needs a separate user there, with its public key and without a password.";
    const LINK: &'static str = "/security/data-encryption/setting-up-ssh-tunnel-for-database-connection";
    const AFTER_FAILURE: AfterFailure = AfterFailure::Inspect;
    const SCRIPTED_FOR: &'static [Audience] = &[Audience::Sysadmin];
    type Facts = Facts;

    fn skip(settings: &Settings) -> Option<&'static str> {
        settings
            .bastion
            .is_none()
            .then_some("no SSH server; --bastion sets one")
    }

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        let Some(bastion) = &settings.bastion else {
            return Ok(Facts::default());
        };
        let script = shell::inspect_ssh_user(
            &bastion.tunnel_user,
            bastion.public_key.as_ref(),
            &came_from(settings),
            (&bastion.stitch_host, bastion.stitch_port),
            account_name(settings),
        );
        Ok(Facts::parse(&reader.inspect_host(&script).await?))
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        if let Some(bastion) = &settings.bastion {
            if !facts.server.looked {
                offline::plan(settings, bastion, facts, &mut plan);
                return plan;
            }
            plan_account_and_key(settings, bastion, facts, &mut plan);
            server::judge(settings, bastion, facts, &mut plan);
        }
        plan
    }
}

/// The path of the file with Stitch's key, where sshd reads that one and not the one in the home.
pub(super) async fn key_is_elsewhere(settings: &Settings, reader: &mut Reader) -> Option<String> {
    let facts = SshUser::inspect(settings, reader).await.ok()?;
    server::key_is_elsewhere(settings, settings.bastion.as_ref()?, &facts)
}

fn plan_account_and_key(settings: &Settings, bastion: &BastionSettings, facts: &Facts, plan: &mut Plan) {
    match &facts.account {
        None => {
            if let Some(finding) = account::name_is_taken(bastion, facts) {
                plan.find(finding);
                return;
            }
            plan.change(add_user(bastion));
        }
        Some(account) => {
            // An account that is used for something else is not touched, not even its modes.
            if let Some(finding) = account::belongs_to_another(bastion, account) {
                plan.find(finding);
                return;
            }
            account::judge(bastion, account, facts, plan);
            if !account::can_have_a_home(account) {
                return;
            }
        }
    }
    match &bastion.public_key {
        Some(key) => key_file::judge(settings, bastion, key, facts, plan),
        None => plan.find(no_key()),
    }
}

#[cfg(test)]
mod tests;
