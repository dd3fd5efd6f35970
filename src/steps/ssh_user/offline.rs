//! The same without a look: whatever of it is there by then is left as it is, and an account of somebody else's stops it.

use super::account::{FIRST_ORDINARY_ID, POWERFUL};
use super::facts::Facts;
use super::wanted::{add_user, no_key};
use super::{key_file, server};
use crate::change::{Action, Change, Plan};
use crate::settings::{Adopt, BastionSettings, LoginShell, Settings};
use crate::shell::{self, AccountSigns, Sight};
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
        let signs = AccountSigns {
            groups: &POWERFUL,
            first_ordinary_id: FIRST_ORDINARY_ID,
        };
        change(
            format!("stop where the user {user} is there and is somebody else's"),
            "Stitch gets a user of its own; nothing of anybody else's is changed without --adopt-user.",
            shell::stop_if_foreign_account(user, bastion.public_key.as_ref(), signs),
        );
    }
    let add = add_user(bastion);
    if let Action::Host(script) = add.action {
        change(add.summary, add.why, script);
    }
    change(
        format!("make the account {user} usable with a key where it is locked"),
        "Without PAM, sshd refuses a locked account even with the right key.",
        shell::unlock_for_keys(user, Sight::Unseen),
    );
    if bastion.shell != LoginShell::Any {
        change(
            format!("give {user} the login shell that was chosen"),
            "It was chosen with --shell or --tunnel-only.",
            shell::set_shell(user, &bastion.shell),
        );
    }
    change(
        format!("make the home directory of {user} where it is missing"),
        "The key file lies in the user's home.",
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
        format!("correct the modes of the key file of {user} and of what it lies in"),
        "sshd ignores a key file that others could have written.",
        shell::fix_modes(user),
    );
    server::sockets::offline(settings, bastion, plan);
}
