//! `remove`: Stitch's key line goes, and the user with it when this tool made it or nothing else is in it.

use anyhow::Result;

use super::account::add_user;
use super::facts::{Facts, PasswordField, TunnelAccount};
use super::{SshUser, account, key_file, server};
use crate::change::{Action, Change, Plan};
use crate::finding::Code;
use crate::settings::{BastionSettings, Settings};
use crate::shell::{self, Sight};
use crate::step_id::StepId;
use crate::steps::Step;
use crate::world::Reader;

/// The step's other half.
pub(crate) struct RemoveSshUser;

/// The account as setup sees it, and what it has of its own.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    seen: Facts,
    /// Files in its home that are not copies from `/etc/skel`.
    files: Vec<String>,
}

impl Step for RemoveSshUser {
    const ID: StepId = StepId::SshUser;
    const WHY: &'static str =
        "Without its key Stitch cannot use your SSH server. stitch-pg also removes its user, unless others use it.";
    const LINK: &'static str = SshUser::LINK;
    type Facts = Leftovers;

    fn skip(settings: &Settings) -> Option<&'static str> {
        SshUser::skip(settings)
    }

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Leftovers> {
        let seen = SshUser::inspect(settings, reader).await?;
        let mut files = Vec::new();
        if let Some(bastion) = settings.bastion.as_ref().filter(|_| seen.account.is_some()) {
            let script = shell::inspect_leftovers(&bastion.tunnel_user);
            let printed = reader.inspect_host(&script).await?;
            let found = printed.lines().filter_map(|line| line.strip_prefix("file="));
            files.extend(found.map(str::to_owned));
        }
        Ok(Leftovers { seen, files })
    }

    fn plan(settings: &Settings, facts: &Leftovers) -> Plan {
        let mut plan = Plan::default();
        let Some(bastion) = &settings.bastion else { return plan };
        let user = &bastion.tunnel_user;
        if let Some(account) = &facts.seen.account {
            take_key(&mut plan, settings, bastion, account, facts);
        }
        server::sockets::remove(settings, bastion, &facts.seen, &mut plan);
        let Some(account) = &facts.seen.account else {
            plan.good(Code::Removed, format!("there is no user {user} on the SSH server"))
                .concerning(user);
            return plan;
        };
        match reason_to_keep(bastion, account, facts) {
            Some(why) => {
                let text = format!("the user {user} is kept: {why}");
                let advice = format!("if it is not needed, on the SSH server, as root: userdel -r {user}");
                plan.unknown(Code::NotRemoved, text, advice).concerning(user);
            }
            None => plan.change(Change {
                summary: format!("remove the user {user}, and end its processes"),
                why: "Only Stitch used it.",
                action: Action::Host(shell::remove_user(user)),
                undo: Some(add_user(bastion).action),
            }),
        }
        plan
    }
}

fn take_key(
    plan: &mut Plan,
    settings: &Settings,
    bastion: &BastionSettings,
    account: &TunnelAccount,
    facts: &Leftovers,
) {
    let user = &bastion.tunnel_user;
    let Some(key) = &bastion.public_key else { return };
    match key_file::ours(settings, bastion, account, key, &facts.seen) {
        None => {
            let text = format!("Stitch's key {key} is not in the key file of {user}");
            plan.good(Code::Removed, text).concerning(key.fingerprint());
        }
        Some(Err(finding)) => plan.find(finding),
        Some(Ok(options)) => plan.change(Change {
            summary: format!("remove Stitch's key {key} from the key file of {user}"),
            why: "The holder of its private key can log in.",
            action: Action::Host(shell::remove_key(user, key)),
            undo: Some(Action::Host(shell::install_key(user, key, &options, Sight::Seen))),
        }),
    }
}

/// An account is removed only if no other login can use it, and if this tool made it or its home has no files of its own.
fn reason_to_keep(bastion: &BastionSettings, account: &TunnelAccount, facts: &Leftovers) -> Option<String> {
    let others = key_file::count_other_keys(account, bastion.public_key.as_ref());
    if account::is_out_of_reach(account) {
        Some("it is root under another name, or comes from a directory service".to_owned())
    } else if others > 0 {
        Some(format!("other keys can log in ({others} in authorized_keys)"))
    } else if matches!(account.password, PasswordField::Hash | PasswordField::LockedWithHash) {
        Some("it has a password".to_owned())
    } else if account.made_by_us || facts.files.is_empty() {
        None
    } else {
        let some = facts.files.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        Some(format!("stitch-pg did not make it, and files are in its home ({some})"))
    }
}
