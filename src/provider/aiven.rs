//! Aiven.

use anyhow::Result;
use serde_json::Value;

use super::allow_list::AllowListCommands;
use super::allow_list::{AllowList, array, entry, list};
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "aiven",
    hosts: &[".aivencloud.com"],
    roles: &["avnadmin"],
    databases: &["_aiven", "defaultdb"],
    commands: Some(|request| AllowListCommands {
        place: "the service's ip_filter",
        look: "avn service get SERVICE --json".to_owned(),
        open: vec![format!(
            "avn service update {} -c ip_filter={}",
            request.name("SERVICE"),
            request.merged()
        )],
        mind: Some(request.replaces()),
    }),
    placeholders: &[("SERVICE", "the service's name")],
    list_command: Some("avn service get --json"),
    read_list: |_, value| value.get("user_config").map(|config| read(value, config)),
    ..Definition::NONE
};

fn read(service: &Value, config: &Value) -> Result<AllowList> {
    let keys = ["ip_filter", "ip_filter_string", "ip_filter_object"];
    let one = |item: &Value| match item.get("network") {
        Some(network) => entry(network, &item["description"]),
        None => entry(item, &Value::Null),
    };
    let entries = keys.iter().flat_map(|key| array(config, key)).map(one);
    list(entries, &service["service_name"])
}
