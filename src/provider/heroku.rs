//! Heroku Postgres.

use super::ProviderEvidence;
use super::allow_list::AllowListCommands;
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "heroku",
    hosts: &[".compute-1.amazonaws.com"],
    schemas: &["heroku_ext"],
    score,
    commands: Some(|request| AllowListCommands {
        place: "nothing on the Common Runtime, which has no allow list; trusted ranges on Private and Shield plans",
        look: "heroku data:mtls:ip-rules ADDON --app APP".to_owned(),
        open: request.each("heroku data:mtls:ip-rules:create ADDON --app APP --cidr"),
        mind: None,
    }),
    placeholders: &[("ADDON", "the add-on's name"), ("APP", "the app's name")],
    making_databases: Some(
        "Heroku creates databases itself: give --database with the name of your add-on's (heroku pg:info -a APP); elsewhere",
    ),
    making_roles: Some(
        "Heroku creates roles itself, on Standard plans and above: heroku pg:credentials:create DATABASE --name stitch -a APP; \
         then give --role and --password-file with that credential's user and password. On Essential plans there is the \
         default credential only: --role with its user, and --adopt-role. Elsewhere",
    ),
    ..Definition::NONE
};

/// Heroku has no names of its own, and its hosts are Amazon's, as those of many others. Three of its four habits are needed.
fn score(evidence: &ProviderEvidence, by_host: usize) -> usize {
    let name = evidence.database.as_bytes();
    let is_random = name.len() == 14
        && name[0] == b'd'
        && name
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let extensions_apart = evidence.schemas.iter().any(|schema| schema == "heroku_ext");
    let habits = [by_host > 0, is_random, extensions_apart, evidence.powerless];
    let habits = habits.into_iter().filter(|habit| *habit).count();
    if habits >= 3 { 3 } else { 0 }
}
