//! Amazon RDS for PostgreSQL.

use anyhow::Result;
use serde_json::Value;

use super::allow_list::{AllowList, ListEntry, array, entry, list};
use super::allow_list::{AllowListCommands, AllowListRequest};
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "rds",
    hosts: &[".rds.amazonaws.com"],
    setting_prefix: "rds",
    roles: &["rdsadmin", "rds_superuser", "rds_password", "rds_replication"],
    reserved_roles: &["rdsadmin"],
    databases: &["rdsadmin"],
    commands: Some(commands),
    list_command: Some("aws ec2 describe-security-groups"),
    read_list: |_, value| value["SecurityGroups"].as_array().map(|groups| security_groups(groups)),
    ..Definition::NONE
};

/// `mydb.abc123.us-east-1.rds.amazonaws.com`, and with `cluster-` before the second label for Aurora.
fn commands(request: &AllowListRequest<'_>) -> AllowListCommands {
    let AllowListRequest { host, port, cidrs, .. } = *request;
    let group = request.name("GROUP");
    let labels: Vec<&str> = host.split('.').collect();
    let (name, region, cluster) = match labels[..] {
        [name, id, region, "rds", ..] => (name, region, id.starts_with("cluster-")),
        _ => ("NAME", "REGION", false),
    };
    let look = if cluster {
        format!("aws rds describe-db-clusters --region {region} --db-cluster-identifier {name}")
    } else {
        format!("aws rds describe-db-instances --region {region} --db-instance-identifier {name}")
    };
    let ranges: Vec<String> = cidrs
        .iter()
        .map(|cidr| format!("{{CidrIp={cidr},Description=Stitch}}"))
        .collect();
    AllowListCommands {
        place: "the instance's VPC security group",
        look,
        open: vec![format!(
            "aws ec2 authorize-security-group-ingress --region {region} --group-id {group} --ip-permissions \
             'IpProtocol=tcp,FromPort={port},ToPort={port},IpRanges=[{}]'",
            ranges.join(",")
        )],
        mind: Some(
            "with PubliclyAccessible false no rule helps: use an SSH server; InvalidPermission.Duplicate means that the rule already exists",
        ),
    }
}

fn security_groups(groups: &[Value]) -> Result<AllowList> {
    let mut entries = Vec::new();
    for permission in groups.iter().flat_map(|group| array(group, "IpPermissions")) {
        let port = |key: &str| permission[key].as_u64().and_then(|port| u16::try_from(port).ok());
        let ports = match permission["IpProtocol"].as_str().unwrap_or_default() {
            "-1" => None,
            "tcp" | "6" => Some((port("FromPort").unwrap_or(0), port("ToPort").unwrap_or(u16::MAX))),
            _ => continue,
        };
        let v4 = array(permission, "IpRanges").map(|range| (&range["CidrIp"], range));
        let v6 = array(permission, "Ipv6Ranges").map(|range| (&range["CidrIpv6"], range));
        for (network, range) in v4.chain(v6) {
            let entry = entry(network, &range["Description"])?;
            entries.push(Ok(ListEntry { ports, ..entry }));
        }
    }
    // Of several groups none can be named in a command.
    let id = match groups {
        [group] => &group["GroupId"],
        _ => &Value::Null,
    };
    list(entries, id)
}
