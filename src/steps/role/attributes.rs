//! Attributes of an existing role that would keep Stitch out: NOLOGIN, an expiry date that has passed, a connection limit
//! of 0.

use super::Found;
use crate::change::{Change, Plan};
use crate::finding::{Code, Finding};
use crate::settings::Settings;
use crate::sql;

/// What is said of a role that is a group.
pub(super) fn group(settings: &Settings, found: &Found) -> Finding {
    let role = &settings.stitch.role;
    Finding::bad(
        Code::RoleIsGroup,
        format!(
            "the role {:?} cannot log in and has members ({}): it is a group, not Stitch's login",
            role.as_str(),
            found.members.join(", ")
        ),
    )
    .advise("give --role with the name of a role of Stitch's own")
    .about(role)
}

/// Only what keeps Stitch out is touched.
pub(super) fn plan(plan: &mut Plan, settings: &Settings, found: &Found) {
    let role = &settings.stitch.role;
    let mut wanted = Vec::new();
    let mut undo = Vec::new();
    if !found.can_login {
        wanted.push("LOGIN");
        undo.push("NOLOGIN");
    }
    if found.expired {
        wanted.push("VALID UNTIL 'infinity'");
    }
    if found.connection_limit == 0 {
        wanted.push("CONNECTION LIMIT -1");
        undo.push("CONNECTION LIMIT 0");
    }
    if wanted.is_empty() {
        return;
    }
    let statement = sql::alter_role(role, &wanted);
    if found.may_alter {
        plan.change(Change {
            summary: format!("let the role {:?} log in ({})", role.as_str(), wanted.join(", ")),
            why: "As it is, the server refuses Stitch's login.",
            action: super::on_server(settings, statement),
            undo: (!undo.is_empty()).then(|| super::on_server(settings, sql::alter_role(role, &undo))),
        });
    } else {
        plan.find(
            Finding::bad(
                Code::RoleCannotAlter,
                format!(
                    "the role {:?} cannot log in as it is, and this login may not alter it",
                    role.as_str()
                ),
            )
            .advise(format!(
                "a superuser, or an administrator of that role, runs: {statement};"
            ))
            .about(role),
        );
    }
}
