//! Databricks Lakebase. Roles: docs.databricks.com/aws/en/oltp/roles; hosts:
//! learn.microsoft.com/azure/databricks/oltp/projects/connection-strings; that the workspace's IP access lists hold for
//! PostgreSQL's port as well: learn.microsoft.com/azure/databricks/oltp/instances/query; their commands:
//! learn.microsoft.com/azure/databricks/security/network/front-end/ip-access-list-workspace.

use super::allow_list::AllowListCommands;
use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "lakebase",
    hosts: &[".databricks.com", ".azuredatabricks.net"],
    setting_prefix: "databricks",
    roles: &["databricks_superuser", "databricks_control_plane", "databricks_gateway"],
    reserved_roles: &["databricks_control_plane", "databricks_gateway"],
    databases: &["databricks_postgres"],
    commands: Some(|request| AllowListCommands {
        place: "the workspace's IP access lists",
        look: "databricks ip-access-lists list".to_owned(),
        open: vec![format!(
            "databricks ip-access-lists create --json '{{\"label\":\"stitch\",\"list_type\":\"ALLOW\",\"ip_addresses\":[\"{}\"]}}'",
            request.joined("\",\"")
        )],
        mind: Some(
            "without an allow list every address is allowed; the first one blocks all addresses that are not on it, for the whole workspace",
        ),
    }),
    wants_plain_password: true,
    empty_list_is_open: true,
    ..Definition::NONE
};
