//! A role that does not exist: made by us, or by whoever may.

use std::ops::ControlFlow;

use super::action::{save_generated, unless};
use super::facts::Facts;
use super::offline;
use crate::change::{Change, Plan};
use crate::finding::Code;
use crate::settings::Settings;
use crate::sql;
use crate::steps::who_creates;

/// Breaks off where there will be no role to grant anything to.
pub(super) fn plan(plan: &mut Plan, settings: &Settings, facts: &Facts) -> ControlFlow<()> {
    let role = &settings.stitch.role;
    let statement = sql::create_role(role, facts.keeping.formed(settings));
    if facts.may_create_roles == Some(false) {
        let making = facts.keeping.provider.definition().making_roles;
        let advice = who_creates(making, &facts.creators, "CREATEROLE", &statement);
        let user = &facts.user;
        plan.bad(
            Code::RoleCannotCreate,
            format!("the role {role:?} does not exist, and {user:?} may not create roles (it lacks CREATEROLE)"),
            advice,
        )
        .concerning(role);
        return ControlFlow::Break(());
    }
    if let Some((why, advice)) = facts.keeping.refusal(&facts.user, role.as_str()) {
        let text = format!("the role {role:?} does not exist, and {why}");
        plan.bad(Code::RoleCannotCreate, text, advice).concerning(role);
        return ControlFlow::Break(());
    }
    facts.keeping.report(plan);
    if facts.is_offline() {
        offline::before(plan, settings);
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
        offline::after(plan, settings);
    }
    ControlFlow::Continue(())
}
