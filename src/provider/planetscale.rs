//! `PlanetScale` Postgres. Hosts and ports: planetscale.com/docs/postgres/connecting; the allow list's commands:
//! planetscale.com/changelog/cli-postgres-ip-restrictions; the default role: planetscale.com/docs/postgres/connecting/roles.

use super::allow_list::AllowListCommands;
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "planetscale",
    hosts: &[".pg.psdb.cloud", ".horizon.psdb.cloud"],
    setting_prefix: "extwlist",
    commands: Some(|request| AllowListCommands {
        place: "the database's IP restrictions",
        look: "pscale database ip-restriction list DATABASE".to_owned(),
        open: vec![format!(
            "pscale database ip-restriction create DATABASE --cidrs {}",
            request.joined(",")
        )],
        mind: Some(
            "without a restriction every address is allowed; the first one blocks all addresses that are not on it",
        ),
    }),
    placeholders: &[(
        "DATABASE",
        "the database's name in PlanetScale, which is not the one in PostgreSQL",
    )],
    // No other provider has hosts below these names.
    score: |_, points| 2 * points,
    empty_list_is_open: true,
    ..Definition::NONE
};
