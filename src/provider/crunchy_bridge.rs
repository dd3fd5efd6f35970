//! Crunchy Bridge.

use super::allow_list::{AllowListCommands, AllowListRequest};
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "crunchy-bridge",
    hosts: &[".db.postgresbridge.com"],
    roles: &["crunchy_superuser", "crunchy_replication"],
    commands: Some(commands),
    ..Definition::NONE
};

fn commands(request: &AllowListRequest<'_>) -> AllowListCommands {
    let cluster = if request.label(0) == "p" {
        request.label(1)
    } else {
        "CLUSTER"
    };
    AllowListCommands {
        place: "the cluster's firewall",
        look: format!("cb firewall --cluster {cluster}"),
        open: vec![format!(
            "cb firewall --cluster {cluster} --add {}",
            request.joined(" --add ")
        )],
        mind: None,
    }
}
