//! A role that does not exist: created by this login, or by another role that may.

use std::ops::ControlFlow;

use super::action::{on_server, save_generated, unless};
use super::facts::Facts;
use super::{foreign_role, password};
use crate::change::{Change, Plan};
use crate::finding::Code;
use crate::settings::{Adopt, Settings};
use crate::sql;
use crate::steps::who_creates;

/// Stops where there will be no role to grant anything to.
pub(super) fn plan(plan: &mut Plan, settings: &Settings, facts: &Facts) -> ControlFlow<()> {
    let role = &settings.stitch.role;
    let statement = sql::create_role(role, facts.keeping.formed(settings));
    if facts.may_create_roles == Some(false) {
        let making = facts.keeping.provider.definition().making_roles;
        let advice = who_creates(making, &facts.creators, "CREATEROLE", &statement);
        let user = &facts.user;
        let text = format!("the role {role:?} does not exist, and {user:?} may not create roles (it lacks CREATEROLE)");
        plan.bad(Code::RoleCannotCreate, text, advice).concerning(role);
        return ControlFlow::Break(());
    }
    if let Some((why, advice)) = facts.keeping.refusal(&facts.user, role.as_str()) {
        let text = format!("the role {role:?} does not exist, and {why}");
        plan.bad(Code::RoleCannotCreate, text, advice).concerning(role);
        return ControlFlow::Break(());
    }
    facts.keeping.report(plan);
    if facts.is_offline() {
        offline_before(plan, settings);
    }
    save_generated(plan, settings);
    plan.change(Change {
        summary: format!("create the role {role:?}"),
        why: facts.keeping.why(),
        action: unless(settings, statement, sql::role_exists(role)),
        // What Stitch has loaded meanwhile is its own; then the role stays.
        undo: Some(unless(settings, sql::drop_role(role), sql::role_owns_something(role))),
    });
    if facts.is_offline() {
        offline_after(plan, settings);
    }
    ControlFlow::Continue(())
}

/// What a script that was written without a check does beyond creating the role. Anything may exist when it runs, so each
/// part is guarded. A role that is used for something else stops it before anything is made or changed.
fn offline_before(plan: &mut Plan, settings: &Settings) {
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

/// After the role is there, whether the script created it or not.
fn offline_after(plan: &mut Plan, settings: &Settings) {
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
