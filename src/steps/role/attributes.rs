//! Attributes of an existing role that would keep Stitch out: NOLOGIN, an expiry date, a connection limit. Only what keeps
//! it out is changed; what will one day, or may, is told.

use super::action::on_server;
use super::facts::RoleRow;
use crate::change::{Change, Plan};
use crate::finding::Code;
use crate::plural::pluralize;
use crate::settings::Settings;
use crate::sql;
use crate::steps::FEW_CONNECTIONS;

/// Only what keeps Stitch out is touched.
pub(super) fn plan(plan: &mut Plan, settings: &Settings, found: &RoleRow) {
    report(plan, settings, found);
    let role = &settings.stitch.role;
    let mut wanted = Vec::new();
    let mut undo = Vec::new();
    if !found.can_login {
        wanted.push("LOGIN");
        undo.push("NOLOGIN".to_owned());
    }
    if found.expired {
        wanted.push("VALID UNTIL 'infinity'");
        if let Some(until) = &found.valid_until {
            undo.push(format!("VALID UNTIL {}", sql::name(until)));
        }
    }
    if found.connection_limit == 0 {
        wanted.push("CONNECTION LIMIT -1");
        undo.push("CONNECTION LIMIT 0".to_owned());
    }
    if wanted.is_empty() {
        return;
    }
    let statement = sql::alter_role(role, &wanted);
    let undo: Vec<&str> = undo.iter().map(String::as_str).collect();
    if found.may_alter {
        plan.change(Change {
            summary: format!("let the role {role:?} log in ({})", wanted.join(", ")),
            why: "At present the server refuses Stitch's login.",
            action: on_server(settings, statement),
            undo: (!undo.is_empty()).then(|| on_server(settings, sql::alter_role(role, &undo))),
        });
    } else {
        let text = format!("the role {role:?} cannot log in, and this login may not alter it");
        let advice = format!("a superuser, or an administrator of that role, runs: {statement};");
        plan.bad(Code::RoleCannotAlter, text, advice).concerning(role);
    }
}

/// What lets Stitch in today.
fn report(plan: &mut Plan, settings: &Settings, found: &RoleRow) {
    let role = &settings.stitch.role;
    let mut report = |code, text: String, cure: &str| {
        let statement = sql::alter_role(role, &[cure]);
        plan.unknown(code, text, format!("a role that may alter it runs: {statement};"))
            .concerning(role);
    };
    if let Some(until) = found.valid_until.as_ref().filter(|_| !found.expired) {
        let text = format!("the role {role:?} expires at {until}: Stitch cannot log in after that");
        report(Code::RoleExpires, text, "VALID UNTIL 'infinity'");
    }
    if (1..FEW_CONNECTIONS).contains(&found.connection_limit) {
        let most = pluralize(
            usize::try_from(found.connection_limit).unwrap_or_default(),
            "connection",
        );
        let text = format!(
            "the role {role:?} may have {most} at once: with several integrations, Stitch's logins may be refused"
        );
        report(Code::RoleConnectionLimit, text, "CONNECTION LIMIT -1");
    }
}
