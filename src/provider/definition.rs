//! What there is to know of a provider, all of which stands in the file of its name, and the signs by which it is recognised.

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use super::allow_list::AllowList;
use super::allow_list::{AllowListCommands, AllowListRequest};

/// One provider. A field that does not apply is as in [`Definition::NONE`].
pub(crate) struct Definition {
    /// The word in the JSON report, and for `--provider`.
    pub(crate) name: &'static str,
    /// The endings of its servers' host names.
    pub(crate) hosts: &'static [&'static str],
    /// The first part of the names of its dotted settings, such as `rds`.
    pub(crate) setting_prefix: &'static str,
    /// Roles that it makes.
    pub(crate) roles: &'static [&'static str],
    /// Of these, the ones that it keeps for itself: no customer's login can take over what belongs to them.
    pub(crate) reserved_roles: &'static [&'static str],
    /// Databases that it makes.
    pub(crate) databases: &'static [&'static str],
    /// Schemas that it makes.
    pub(crate) schemas: &'static [&'static str],
    /// The score, where signs need another judgement than one point each; it gets the points counted so far.
    pub(crate) score: fn(&ProviderEvidence, usize) -> usize,
    /// Its commands to list and to open its allow list.
    pub(crate) commands: Option<fn(&AllowListRequest<'_>) -> AllowListCommands>,
    /// What stands in capitals in those commands, and what to put there, beyond what several providers share.
    pub(crate) placeholders: &'static [(&'static str, &'static str)],
    /// The command whose output [`Definition::read_list`] reads.
    pub(crate) list_command: Option<&'static str>,
    /// Reads what that command printed; `None` when it is another provider's. The JSON is null where it is none.
    pub(crate) read_list: fn(&str, &Value) -> Option<Result<AllowList>>,
    /// Whether an allow list without an entry lets every address in.
    pub(crate) empty_list_is_open: bool,
    /// Whether it wants passwords themselves, and refuses verifiers.
    pub(crate) wants_plain_password: bool,
    /// How a database is made where SQL cannot make one.
    pub(crate) making_databases: Option<&'static str>,
    /// How a role is made where SQL cannot make one.
    pub(crate) making_roles: Option<&'static str>,
}

impl Definition {
    /// Nothing is known.
    pub(crate) const NONE: Self = Self {
        name: "",
        hosts: &[],
        setting_prefix: "",
        roles: &[],
        reserved_roles: &[],
        databases: &[],
        schemas: &[],
        score: |_, points| points,
        commands: None,
        placeholders: &[],
        list_command: None,
        read_list: |_, _| None,
        empty_list_is_open: false,
        wants_plain_password: false,
        making_databases: None,
        making_roles: None,
    };

    /// Whether a server of this host name is its.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.hosts.iter().any(|ending| host.ends_with(ending))
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct ProviderEvidence {
    pub banner: String,
    /// First parts of the names of dotted settings, such as `rds`.
    pub prefixes: Vec<String>,
    /// Roles that providers make.
    pub roles: Vec<String>,
    /// Databases that providers make.
    pub databases: Vec<String>,
    /// Whether `aurora_version()` exists.
    pub aurora: bool,
    /// Schemas that providers make, in the database that was asked.
    #[serde(default)]
    pub schemas: Vec<String>,
    /// Extensions that change what the server is, in the database that was asked.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// The database that was asked.
    #[serde(default)]
    pub database: String,
    /// Whether this login may make neither roles nor databases.
    #[serde(default)]
    pub powerless: bool,
}

impl ProviderEvidence {
    /// What is PostgreSQL and yet not quite the community's, or not reached directly: each with what that means here.
    pub fn variants(&self) -> Vec<&'static str> {
        let epas = self.banner.contains("EnterpriseDB");
        let citus = self.extensions.iter().any(|extension| extension == "citus");
        [
            (
                epas,
                "EDB Postgres Advanced Server: it is PostgreSQL with additions, and stitch-pg works with it; Oracle-like modes (edb_redwood_date and others) change the types of Stitch's columns",
            ),
            (
                citus,
                "PostgreSQL with Citus: Stitch's tables stay on the coordinator, and a distributed table refuses some ALTER TABLE statements of a load",
            ),
        ]
        .into_iter()
        .filter_map(|(is, what)| is.then_some(what))
        .collect()
    }
}
