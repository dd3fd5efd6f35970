//! The same without a look: whatever of it is there by then is left as it is, and an account of somebody else's stops it.

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
        change(
            format!("stop if the user {user} exists and is used for something else"),
            "Stitch gets its own user. stitch-pg changes no other user without --adopt-user.",
            shell::stop_if_foreign_account(user, key, &POWERFUL, FIRST_ORDINARY_ID),
        );
    }
    let add = add_user(bastion);
    if let Action::Host(script) = add.action {
        change(add.summary, add.why, script);
    }
    change(
        format!("make the account {user} usable with a key if it is locked"),
        "Without PAM, sshd refuses a locked account even with the right key.",
        shell::unlock_for_keys(user, Sight::Unseen),
    );
    if bastion.shell != LoginShell::Any {
        change(
            format!("set the chosen login shell of {user}"),
            "You chose it with --shell or --tunnel-only.",
            shell::set_shell(user, &bastion.shell),
        );
    }
    change(
        format!("create the home directory of {user} if it is missing"),
        "The key file is in the user's home.",
        shell::make_home(user),
    );
    let Some(key) = &bastion.public_key else {
        plan.find(no_key());
        return;
    };
    let (summary, options) = key_file::offline(settings, bastion, key, facts);
    change(
        summary,
        key_file::WHY,
        shell::install_key(user, key, &options, Sight::Unseen),
    );
    change(
        format!("correct the modes of the key file of {user} and of its directories"),
        "sshd ignores a key file that others can write.",
        shell::fix_modes(user),
    );
    server::sockets::offline(settings, bastion, plan);
}
