//! The signs by which a provider is told, as the server gives them.

use serde::Deserialize;

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
