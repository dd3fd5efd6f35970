//! The findings about the account and the destination.

use super::destination::{Destination, Form, StitchAccount};
use super::form;
use crate::change::{Change, Plan};
use crate::finding::{Code, Finding, Verdict};
use crate::settings::Settings;

/// What holds whichever destination is ours.
pub(super) fn account(
    plan: &mut Plan,
    settings: &Settings,
    account: &StitchAccount,
    ours: &Result<Option<&Destination>, Finding>,
) {
    match &account.kind {
        None => {
            let text = "Stitch does not report which fields a PostgreSQL destination needs; stitch-pg sends the documented ones";
            let advice = "check Stitch's form of the destination afterwards";
            plan.unknown(Code::DestinationFieldUnknown, text, advice);
        }
        Some(kind) => {
            if kind.access() == Some(false) {
                plan.find(no_access(kind.tier(), matches!(ours, Ok(None))));
            }
            let others = kind.others_required(&form::KNOWN);
            if !others.is_empty() {
                let others = others.join(", ");
                let text = format!("Stitch's form has required fields that stitch-pg does not know: {others}");
                let advice = "enter them on Stitch's page of the destination";
                plan.unknown(Code::DestinationFieldUnknown, text, advice);
            }
        }
    }
    let Ok(ours) = ours else { return };
    let is_other = |there: &&Destination| ours.is_none_or(|ours| ours.id != there.id);
    let others: Vec<&Destination> = account.destinations.iter().filter(is_other).collect();
    if !others.is_empty() && settings.registration.destination.is_none() {
        let others = list(&others);
        let text = format!("the account has other destinations, which do not change: {others}");
        plan.good(Code::DestinationOthers, text);
    }
}

/// Several load into this database.
pub(super) fn ambiguous(several: &[&Destination]) -> Finding {
    let several = list(several);
    let text = format!("several destinations in Stitch load into this database: {several}");
    Finding::bad(Code::DestinationAmbiguous, text).advise("choose one with --destination-id")
}

/// `--destination-id` names none.
pub(super) fn no_such(id: u64, all: &[Destination]) -> Finding {
    let all = list(&all.iter().collect::<Vec<_>>());
    let text = format!("the account has no destination with the number {id}; it has {all}");
    Finding::bad(Code::DestinationNotFound, text)
        .about(id)
        .advise("choose one of these with --destination-id, or omit the option")
}

/// It names one that is no PostgreSQL destination.
pub(super) fn other_type(there: &Destination) -> Finding {
    let text = format!(
        "the destination {} is not a PostgreSQL destination, and Stitch cannot change its type",
        there.described()
    );
    Finding::bad(Code::DestinationOtherType, text)
        .about(there.id)
        .advise("omit --destination-id to create a new one, or choose another one")
}

/// A problem where a destination must be created. An existing one can be changed without this access.
fn no_access(tier: Option<String>, is_to_be_made: bool) -> Finding {
    let tier = tier.map_or_else(String::new, |tier| {
        format!(" (in Stitch they belong to the tier {tier})")
    });
    let text = format!("Stitch reports that this account may not have PostgreSQL destinations{tier}");
    let finding = Finding::new(Code::DestinationNoAccess, Verdict::bad_if(is_to_be_made), text);
    finding.advise("change the account's plan in Stitch, or use the token of another account")
}

/// What holds of the destination that is ours. `has_password`: Stitch has the password, or is to get it.
pub(super) fn destination(plan: &mut Plan, has_password: bool, there: &Destination, change: Option<&Change>) {
    let mut told = Plan::default();
    if change.is_none() {
        let shown = there.described();
        let text = format!("Stitch has the destination {shown}, and its fields are as they should be");
        told.good(Code::DestinationReady, text);
    }
    match there.form() {
        Form::Complete => {
            let text = "Stitch's form is complete (fully configured); this does not prove the connection";
            let advice = "Stitch's page of the destination shows how its own check of the connection ended";
            told.find(Finding::good(Code::DestinationFormComplete, text).advise(advice));
        }
        Form::Missing(names) => {
            let advice = if names.iter().any(|name| name == "password") {
                "send the password with --send-password; enter the others on Stitch's page of the destination"
            } else {
                "enter them on Stitch's page of the destination"
            };
            let names = names.join(", ");
            let text = format!("required fields of the destination are missing in Stitch: {names}");
            told.bad(Code::DestinationFormMissing, text, advice);
        }
        Form::Untold => {}
    }
    if let Some(since) = &there.paused {
        let text = format!("a user paused the destination in Stitch ({since})");
        let advice = "to load data, turn it on again on Stitch's page of the destination";
        told.unknown(Code::DestinationPaused, text, advice);
    }
    if let Some(since) = &there.system_paused {
        let text = format!("Stitch itself paused the destination ({since})");
        let advice =
            "run stitch-pg check, which tests each hop, then turn it on again on Stitch's page of the destination";
        told.bad(Code::DestinationSystemPaused, text, advice);
    }
    if !has_password {
        let text = "Stitch never returns its stored password, so stitch-pg cannot compare it and did not send it";
        let advice = "if it may be another one, give --send-password";
        told.unknown(Code::DestinationPasswordUnsent, text, advice);
    }
    let about_it = told.findings.into_iter().map(|finding| finding.about(there.id));
    plan.findings.extend(about_it);
}

fn list(destinations: &[&Destination]) -> String {
    if destinations.is_empty() {
        return "none".to_owned();
    }
    let described: Vec<String> = destinations.iter().map(|there| there.described()).collect();
    described.join(", ")
}
