//! Whether and how Stitch is told.

use super::{Checker, known_good_url};
use crate::settings::Id;
use crate::settings::registration::{self, ApiUrl, Insecure, Registration, SendPassword, UnmappedSources, Wanted};
use crate::step_id::StepId;

pub(super) fn check(checker: &mut Checker<'_>, steps: &[StepId], database: &str) -> Registration {
    let wanted = match checker.either(Id::Register, Wanted::Yes, Wanted::No) {
        Wanted::Yes if steps.contains(&StepId::Registration) => Wanted::Yes,
        _ => Wanted::No,
    };
    let insecure = checker.either(Id::InsecureApi, Insecure::OnLoopback, Insecure::No);
    let api = checker.read(Id::ApiUrl, |text| ApiUrl::parse(text, insecure));
    Registration {
        wanted,
        token: token(checker, wanted),
        api: api.unwrap_or_else(known_good_url),
        name: checker
            .read(Id::RegistrationName, registration::name)
            .unwrap_or_else(|| database.to_owned()),
        sources: checker.either(Id::MapSources, UnmappedSources::Map, UnmappedSources::Leave),
        password: checker.either(Id::SendPassword, SendPassword::Always, SendPassword::WhenSet),
        destination: checker.read(Id::DestinationId, registration::destination),
    }
}

/// The token is used whenever it is there, to see what Stitch lists; it is needed only to tell Stitch.
fn token(checker: &mut Checker<'_>, wanted: Wanted) -> Option<crate::secret::Secret> {
    let Some(secret) = checker.secret(Id::AccessToken) else {
        if wanted == Wanted::Yes && checker.context.connects() {
            checker.problems.missing(
                Id::AccessToken,
                "the access token that --register needs (in Stitch: User menu > Edit User Settings > API access keys)",
            );
        }
        return None;
    };
    if let Err(error) = registration::token(&secret) {
        let source = checker.giver(Id::AccessToken);
        checker
            .problems
            .malformed(Id::AccessToken, format_args!("{source}: {error:#}"));
    }
    Some(secret)
}
