//! `DigitalOcean` Managed Databases.

use anyhow::Result;
use serde_json::Value;

use super::allow_list::{AllowList, entry, list};
use super::allow_list::{AllowListCommands, AllowListRequest};
use super::definition::Definition;
use crate::names::Cidr;

pub(super) const DEFINITION: Definition = Definition {
    name: "digitalocean",
    hosts: &[".db.ondigitalocean.com"],
    roles: &["doadmin", "_dodb"],
    reserved_roles: &["_dodb"],
    databases: &["_dodb", "defaultdb"],
    commands: Some(commands),
    list_command: Some("doctl databases firewalls list -o json"),
    read_list: |_, value| {
        let rules = value.as_array().filter(|rules| !rules.is_empty())?;
        let all = rules.iter().all(|rule| rule.get("cluster_uuid").is_some());
        all.then(|| read(rules))
    },
    empty_list_is_open: true,
    ..Definition::NONE
};

fn commands(request: &AllowListRequest<'_>) -> AllowListCommands {
    let cluster = request.name("CLUSTER");
    let append = format!("doctl databases firewalls append {cluster} --rule ip_addr:");
    AllowListCommands {
        place: "the cluster's trusted sources",
        look: "doctl databases firewalls list CLUSTER".to_owned(),
        open: request
            .cidrs
            .iter()
            .map(|cidr| format!("{append}{}", short(*cidr)))
            .collect(),
        mind: Some("an empty list allows every address; the first rule blocks all addresses that are not on it"),
    }
}

/// A single address without its `/32`, as the tool wants it.
fn short(cidr: Cidr) -> String {
    let net = cidr.net();
    if net.prefix_len() == net.max_prefix_len() {
        net.addr().to_string()
    } else {
        net.to_string()
    }
}

fn read(rules: &[Value]) -> Result<AllowList> {
    // Droplets, apps and clusters have no address here.
    let addresses = rules.iter().filter(|rule| rule["type"] == "ip_addr");
    let entries = addresses.map(|rule| entry(&rule["value"], &rule["description"]));
    list(entries, &rules[0]["cluster_uuid"])
}
