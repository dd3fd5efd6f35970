//! Actions that several parts of the step take.

use crate::change::{Action, Change, Plan, Sql};
use crate::settings::{RolePassword, Settings};
use crate::statement::Statement;

pub(super) fn on_server(settings: &Settings, statement: Statement) -> Action {
    Action::Sql(Sql::together(&settings.admin.database, vec![statement]))
}

/// The same, guarded in scripts by what is true when it is done.
pub(super) fn unless(settings: &Settings, statement: Statement, done: String) -> Action {
    Action::Sql(Sql {
        unless: Some(done),
        ..Sql::together(&settings.admin.database, vec![statement])
    })
}

/// A generated password is on disk before the role has it: the other way round a crash would lose it.
pub(super) fn save_generated(plan: &mut Plan, settings: &Settings) {
    if let RolePassword::Generated {
        secret,
        save_to: Some(path),
    } = &settings.stitch.password
    {
        plan.change(Change {
            summary: format!("write the generated password to {}", path.display()),
            why: "You enter it in Stitch's form later. Only you can read the file.",
            action: Action::SaveSecret {
                path: path.clone(),
                secret: secret.clone(),
            },
            undo: None,
        });
    }
}
