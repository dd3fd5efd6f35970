//! Actions that several parts of the step take.

use crate::change::{Action, Change, Plan, Sql};
use crate::settings::{RolePassword, Settings};
use crate::statement::Statement;

pub(super) fn on_server(settings: &Settings, statement: Statement) -> Action {
    Action::Sql(Sql::together(&settings.admin.database, vec![statement]))
}

/// The same action, guarded in scripts.
pub(super) fn unless(action: Action, done: String) -> Action {
    match action {
        Action::Sql(sql) => Action::Sql(Sql {
            unless: Some(done),
            ..sql
        }),
        other => other,
    }
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
            why: "It is entered into Stitch's form later; the file is readable by you alone.",
            action: Action::SaveSecret {
                path: path.clone(),
                secret: secret.clone(),
            },
            undo: None,
        });
    }
}
