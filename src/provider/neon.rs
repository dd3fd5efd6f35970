//! Neon.

use super::allow_list::AllowListCommands;
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "neon",
    hosts: &[".neon.tech"],
    setting_prefix: "neon",
    roles: &["neon_superuser", "cloud_admin", "neon_service"],
    reserved_roles: &["cloud_admin", "neon_service"],
    commands: Some(|request| AllowListCommands {
        place: "the project's IP Allow list, if the plan has one",
        look: "neon ip-allow list --project-id PROJECT".to_owned(),
        open: vec![format!(
            "neon ip-allow add {} --project-id PROJECT",
            request.joined(" ")
        )],
        mind: None,
    }),
    placeholders: &[("PROJECT", "the project's number")],
    wants_plain_password: true,
    ..Definition::NONE
};
