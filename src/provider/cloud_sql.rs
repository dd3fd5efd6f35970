//! Google Cloud SQL.

use anyhow::{Result, bail};
use serde_json::Value;

use super::allow_list::{AllowList, array, entry, list};
use super::allow_list::{AllowListCommands, AllowListRequest};
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "cloud-sql",
    setting_prefix: "cloudsql",
    roles: &["cloudsqladmin", "cloudsqlsuperuser"],
    reserved_roles: &["cloudsqladmin"],
    databases: &["cloudsqladmin"],
    commands: Some(commands),
    list_command: Some("gcloud sql instances describe"),
    read_list: |_, value| read(value),
    ..Definition::NONE
};

fn commands(request: &AllowListRequest<'_>) -> AllowListCommands {
    let host = request.host;
    AllowListCommands {
        place: "the instance's authorized networks",
        look: format!(
            "gcloud sql instances list --filter=\"ipAddresses.ipAddress={host}\" \
             --format=\"json(name,settings.ipConfiguration.authorizedNetworks)\""
        ),
        open: vec![format!(
            "gcloud sql instances patch {} --authorized-networks={}",
            request.name("INSTANCE"),
            request.merged()
        )],
        mind: Some(request.replaces()),
    }
}

fn read(value: &Value) -> Option<Result<AllowList>> {
    const NETWORKS: &str = "/settings/ipConfiguration";
    if let Some(configuration) = value.pointer(NETWORKS) {
        return Some(instance(value, configuration));
    }
    let several = value.as_array().filter(|instances| instances.len() > 1)?;
    several[0].pointer(NETWORKS)?;
    let several = || bail!("it describes several instances; give the one that Stitch loads into");
    Some(several())
}

fn instance(instance: &Value, configuration: &Value) -> Result<AllowList> {
    let networks = array(configuration, "authorizedNetworks");
    let entries = networks.map(|network| entry(&network["value"], &network["name"]));
    list(entries, &instance["name"])
}
