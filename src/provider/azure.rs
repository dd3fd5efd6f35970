//! Azure Database for PostgreSQL.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::allow_list::{AllowList, ListEntry, Range, address, list, name};
use super::allow_list::{AllowListCommands, AllowListRequest};
use super::definition::Definition;
use crate::names::Cidr;
use crate::shell_word;

pub(super) const DEFINITION: Definition = Definition {
    name: "azure",
    hosts: &[".postgres.database.azure.com"],
    setting_prefix: "azure",
    roles: &["azuresu", "azure_pg_admin", "azure_superuser"],
    reserved_roles: &["azuresu", "azure_superuser"],
    databases: &["azure_maintenance", "azure_sys"],
    commands: Some(commands),
    list_command: Some("az postgres flexible-server firewall-rule list"),
    read_list: |_, value| {
        let rules = value.as_array().filter(|rules| !rules.is_empty())?;
        let all = rules.iter().all(|rule| rule.get("startIpAddress").is_some());
        all.then(|| read(rules))
    },
    ..Definition::NONE
};

fn commands(request: &AllowListRequest<'_>) -> AllowListCommands {
    let server = request.name(request.label(0));
    let group = request.list.and_then(|list| list.group.as_deref());
    let group = shell_word::word(group.unwrap_or("GROUP"));
    let taken = |n: u32| {
        let name = format!("stitch-{n}");
        request
            .list
            .is_some_and(|list| list.entries.iter().any(|entry| entry.label == name))
    };
    // A rule of the same name would be overwritten.
    let free = (1..).filter(|n| !taken(*n));
    let create = |(n, cidr): (u32, &Cidr)| {
        let (start, end) = (cidr.net().network(), cidr.net().broadcast());
        format!(
            "az postgres flexible-server firewall-rule create -g {group} --server-name {server} --name stitch-{n} \
             --start-ip-address {start} --end-ip-address {end}"
        )
    };
    AllowListCommands {
        place: "the server's firewall rules",
        look: format!("az postgres flexible-server firewall-rule list -g {group} --server-name {server}"),
        open: free.zip(request.cidrs).map(create).collect(),
        mind: Some(
            "az before 2.87 has --name for the server and --rule-name for the rule; a server in a virtual network has no \
             firewall rules and needs an SSH server",
        ),
    }
}

fn read(rules: &[Value]) -> Result<AllowList> {
    let rule = |rule: &Value| {
        let (first, last) = (address(&rule["startIpAddress"])?, address(&rule["endIpAddress"])?);
        ensure!(
            first.is_ipv4() == last.is_ipv4() && first <= last,
            "the range {first}-{last} runs backwards"
        );
        Ok(ListEntry {
            from: Range::between(first, last),
            ports: None,
            label: rule["name"].as_str().unwrap_or_default().to_owned(),
        })
    };
    // /subscriptions/…/resourceGroups/GROUP/…/flexibleServers/SERVER/firewallRules/RULE
    let id = rules[0]["id"].as_str().unwrap_or_default();
    let part = |before: &str| {
        let mut parts = id.split('/').skip_while(|part| !part.eq_ignore_ascii_case(before));
        parts.nth(1).map_or(Value::Null, Value::from)
    };
    let listed = list(rules.iter().map(rule), &part("flexibleServers"))?;
    Ok(AllowList {
        group: name(&part("resourceGroups"))?,
        ..listed
    })
}
