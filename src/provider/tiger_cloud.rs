//! Tiger Cloud (Timescale). The administrator's role: docs.tigerdata.com/use-timescale/latest/security/read-only-role; the
//! allow list: the page `security/ip-allow-list` beside it, and the resource `IpAllowList` of its Pulumi provider
//! (pulumi.com/registry/packages/timescale). Its command line tool has no word for the list, so its console does it.

use super::allow_list::AllowListCommands;
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "tiger-cloud",
    hosts: &[".tsdb.cloud.timescale.com"],
    roles: &["tsdbadmin", "tsdbowner", "tsdbexplorer"],
    databases: &["tsdb"],
    commands: Some(|request| AllowListCommands {
        place: "the IP allow list that the service is attached to",
        look: "# Tiger Console: Security > IP Allow List".to_owned(),
        open: vec![
            format!(
                "# Tiger Console: Security > IP Allow List, one entry each: {}",
                request.joined(", ")
            ),
            "# then attach the list: Services > the service > Operations > Security > IP Allow List".to_owned(),
        ],
        mind: Some(
            "a service without a list allows every address; the first list blocks all addresses that are not on it",
        ),
    }),
    empty_list_is_open: true,
    ..Definition::NONE
};
