//! Whether and how the destination is registered with Stitch.

use super::checker::{Checker, known_good_url};
use crate::settings::registration::{
    self, ApiUrl, Insecure, Registering, RegistrationSettings, SendPassword, UnmappedSources,
};
use crate::settings::registry::SettingId;
use crate::step_id::StepId;

pub(super) fn check(checker: &mut Checker<'_>, steps: &[StepId], database: &str) -> RegistrationSettings {
    let wanted = match checker.either(SettingId::Register, Registering::Yes, Registering::No) {
        Registering::Yes if steps.contains(&StepId::Registration) => Registering::Yes,
        _ => Registering::No,
    };
    let insecure = checker.either(SettingId::InsecureApi, Insecure::OnLoopback, Insecure::No);
    let api = checker.read(SettingId::ApiUrl, |text| ApiUrl::parse(text, insecure));
    RegistrationSettings {
        wanted,
        token: token(checker, wanted),
        api: api.unwrap_or_else(known_good_url),
        name: checker
            .read(SettingId::RegistrationName, registration::name)
            .unwrap_or_else(|| database.to_owned()),
        sources: checker.either(SettingId::MapSources, UnmappedSources::Map, UnmappedSources::Leave),
        password: checker.either(SettingId::SendPassword, SendPassword::Always, SendPassword::WhenSet),
        destination: checker.read(SettingId::DestinationId, registration::destination),
    }
}

/// The token is used whenever it is there, to see what Stitch lists; it is needed only to tell Stitch.
fn token(checker: &mut Checker<'_>, wanted: Registering) -> Option<crate::secret::Secret> {
    let Some(secret) = checker.secret(SettingId::AccessToken) else {
        if wanted == Registering::Yes && checker.context.connects() {
            checker.problems.missing(
                SettingId::AccessToken,
                "the access token that --register needs (in Stitch: User menu > Edit User Settings > API access keys)",
            );
        }
        return None;
    };
    if let Err(error) = registration::token(&secret) {
        let source = checker.giver(SettingId::AccessToken);
        checker
            .problems
            .malformed(SettingId::AccessToken, format_args!("{source}: {error:#}"));
    }
    Some(secret)
}
