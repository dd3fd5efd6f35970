//! What a script written without a look does beyond making the role: it finds whatever is there by then, so each part is
//! guarded, and a role that is somebody else's stops it.

use super::action::{on_server, unless};
use super::{foreign_role, password};
use crate::change::{Change, Plan};
use crate::settings::{Adopt, Settings};
use crate::sql;

/// Before anything is made or changed.
pub(super) fn before(plan: &mut Plan, settings: &Settings) {
    let stitch = &settings.stitch;
    let (role, name) = (&stitch.role, stitch.role.as_str());
    if stitch.adopt == Adopt::No {
        plan.change(Change {
            summary: format!("stop if the role {name:?} exists and is used for something else"),
            why: "Stitch gets no existing role unless you give --adopt-role.",
            action: on_server(settings, sql::stop_where(role, &foreign_role::condition(settings))),
            undo: None,
        });
    }
    password::offline(plan, settings);
}

/// After the role is there, whoever made it.
pub(super) fn after(plan: &mut Plan, settings: &Settings) {
    let role = &settings.stitch.role;
    for (attribute, done) in [
        ("LOGIN", "rolcanlogin"),
        ("VALID UNTIL 'infinity'", "coalesce(rolvaliduntil, 'infinity') >= now()"),
        ("CONNECTION LIMIT -1", "rolconnlimit <> 0"),
    ] {
        plan.change(Change {
            summary: format!("let the role {role:?} log in if an attribute prevents it ({attribute})"),
            why: "With that attribute the server refuses Stitch's login.",
            action: unless(settings, sql::alter_role(role, &[attribute]), sql::role_has(role, done)),
            undo: None,
        });
    }
}
