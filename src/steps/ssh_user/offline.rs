//! The same for a script that is written without a check of the server. What exists when it runs is left as it is. An
//! account that is used for something else stops it.

use super::account::{FIRST_ORDINARY_ID, POWERFUL, add_user, no_key};
use super::facts::Facts;
use super::{key_file, server};
use crate::change::{Action, Change, Plan};
use crate::settings::{Adopt, BastionSettings, LoginShell, Settings};
use crate::shell::{self, Sight};
use crate::statement::Statement;

pub(super) fn plan(settings: &Settings, bastion: &BastionSettings, facts: &Facts, plan: &mut Plan) {
    let user = &bastion.tunnel_user;
    let mut change = |summary: String, why, script: Statement| {
        plan.change(Change {
            summary,
            why,
            action: Action::Host(script),
            undo: None,
        });
    };
    if bastion.adopt == Adopt::No {
        let key = bastion.public_key.as_ref();
        let summary = format!("stop if the user {user} exists and is used for something else");
        let why = "Stitch gets its own user. stitch-pg changes no other user without --adopt-user.";
        let stop = shell::stop_if_foreign_account(user, key, &POWERFUL, FIRST_ORDINARY_ID);
        change(summary, why, stop);
    }
    let add = add_user(bastion);
    if let Action::Host(script) = add.action {
        change(add.summary, add.why, script);
    }
    let summary = format!("make the account {user} usable with a key if it is locked");
    let why = "Without PAM, sshd refuses a locked account even with the right key.";
    change(summary, why, shell::unlock_for_keys(user, Sight::Unseen));
    if bastion.shell != LoginShell::Any {
        let summary = format!("set the chosen login shell of {user}");
        let why = "You chose it with --shell or --tunnel-only.";
        change(summary, why, shell::set_shell(user, &bastion.shell));
    }
    let summary = format!("create the home directory of {user} if it is missing");
    change(summary, "The key file is in the user's home.", shell::make_home(user));
    let Some(key) = &bastion.public_key else {
        plan.find(no_key());
        return;
    };
    let (summary, options) = key_file::offline(settings, bastion, key, facts);
    let install = shell::install_key(user, key, &options, Sight::Unseen);
    change(summary, key_file::WHY, install);
    let summary = format!("correct the modes of the key file of {user} and of its directories");
    let why = "sshd ignores a key file that others can write.";
    change(summary, why, shell::fix_modes(user));
    server::sockets::offline(settings, bastion, plan);
}
