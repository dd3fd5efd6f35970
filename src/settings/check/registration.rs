//! Whether and how Stitch is told.

use super::{Checker, known_good_url};
use crate::settings::Id;
use crate::settings::draft::Value;
use crate::settings::registration::{self, ApiUrl, Insecure, Registration, SendPassword, UnmappedSources, Wanted};
use crate::step_id::StepId;

pub(super) fn check(checker: &mut Checker<'_>, steps: &[StepId], database: &str) -> Registration {
    let wanted = is_wanted(checker, steps);
    let insecure = if checker.draft.has(Id::InsecureApi) {
        Insecure::OnLoopback
    } else {
        Insecure::No
    };
    let api = checker.read(Id::ApiUrl, |text| ApiUrl::parse(text, insecure));
    Registration {
        wanted,
        token: token(checker, wanted),
        api: api.unwrap_or_else(known_good_url),
        name: checker
            .read(Id::RegistrationName, registration::name)
            .unwrap_or_else(|| database.to_owned()),
        sources: if checker.draft.has(Id::MapSources) {
            UnmappedSources::Map
        } else {
            UnmappedSources::Leave
        },
        password: if checker.draft.has(Id::SendPassword) {
            SendPassword::Always
        } else {
            SendPassword::WhenSet
        },
        destination: checker.read(Id::DestinationId, registration::destination),
    }
}

fn is_wanted(checker: &mut Checker<'_>, steps: &[StepId]) -> Wanted {
    let switched_on = checker.switch(Id::Register) == Some(true);
    if switched_on && steps.contains(&StepId::Registration) {
        Wanted::Yes
    } else {
        Wanted::No
    }
}

/// The token is used whenever it is there, to see what Stitch lists; it is needed only to tell Stitch.
fn token(checker: &mut Checker<'_>, wanted: Wanted) -> Option<crate::secret::Secret> {
    let given = checker.draft.given(Id::AccessToken).cloned();
    let Some(Value::Secret(secret)) = given.as_ref().map(|given| &given.value) else {
        if wanted == Wanted::Yes && checker.context.connects() {
            checker.problems.missing(
                Id::AccessToken,
                "the access token that --register needs (in Stitch: User menu > Edit User Settings > API access keys)",
            );
        }
        return None;
    };
    if let Err(error) = registration::token(secret) {
        let source = given.as_ref().map(|given| given.source.to_string()).unwrap_or_default();
        checker
            .problems
            .malformed(Id::AccessToken, format_args!("{source}: {error:#}"));
    }
    Some(secret.clone())
}
