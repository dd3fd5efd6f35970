//! Supabase.

use anyhow::Result;
use serde_json::Value;

use super::allow_list::{AllowList, array, entry, list};
use super::allow_list::{AllowListCommands, AllowListRequest};
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "supabase",
    hosts: &[".supabase.co", ".pooler.supabase.com"],
    setting_prefix: "supautils",
    roles: &["supabase_admin", "supabase_auth_admin", "authenticator"],
    reserved_roles: &["supabase_admin"],
    commands: Some(commands),
    placeholders: &[("REF", "the project's reference")],
    list_command: Some("supabase network-restrictions get"),
    read_list: |text, value| {
        if text.contains("Allowed IPv4 CIDRs:") {
            return Some(read_text(text));
        }
        value.pointer("/config/dbAllowedCidrs").map(|_| read(value))
    },
    ..Definition::NONE
};

fn commands(request: &AllowListRequest<'_>) -> AllowListCommands {
    let project = if request.label(0) == "db" {
        request.label(1)
    } else {
        "REF"
    };
    let update = format!("supabase network-restrictions update --project-ref {project} --append --db-allow-cidr");
    AllowListCommands {
        place: "the project's network restrictions",
        look: format!("supabase network-restrictions get --project-ref {project}"),
        open: vec![format!("{update} {}", request.joined(" --db-allow-cidr "))],
        mind: Some("without --append it replaces the list"),
    }
}

fn read(value: &Value) -> Result<AllowList> {
    let both = ["dbAllowedCidrs", "dbAllowedCidrsV6"];
    let networks = both.iter().flat_map(|key| array(&value["config"], key));
    list(networks.map(|network| entry(network, &Value::Null)), &Value::Null)
}

/// The tool's own words: `DB Allowed IPv4 CIDRs: &[1.2.3.0/24 …]`.
fn read_text(text: &str) -> Result<AllowList> {
    let lines = text
        .lines()
        .filter_map(|line| Some(line.split_once("CIDRs: ")?.1.trim()));
    let words = lines.flat_map(|line| line.trim_start_matches("&[").trim_end_matches(']').split_whitespace());
    let networks = words.filter(|word| *word != "<nil>").map(Value::from);
    list(networks.map(|network| entry(&network, &Value::Null)), &Value::Null)
}
