//! Which managed service a server belongs to, from signs any login can read; scored, never decided by one sign alone:
//! a role's name can be anybody's, and RDS and Heroku both live below amazonaws.com.

use std::collections::BTreeSet;
use std::str::FromStr;

use anyhow::{Error, bail};
use serde::Deserialize;

mod aiven;
pub(crate) mod allow_list;
mod alloydb;
mod aurora;
mod azure;
mod cloud_sql;
mod crunchy_bridge;
mod definition;
mod digital_ocean;
mod heroku;
pub(crate) mod list;
mod neon;
mod rds;
mod self_hosted;
mod supabase;

use definition::Definition;

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

/// Declares the providers, each defined in the module of its name.
macro_rules! providers {
    ($($(#[$meta:meta])* $provider:ident: $module:ident,)*) => {
        /// Who runs the server.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum Provider { $($(#[$meta])* $provider,)* }

        impl Provider {
            pub const ALL: [Self; [$($module::DEFINITION.name),*].len()] = [$(Self::$provider),*];

            /// What there is to know of it.
            pub(crate) fn definition(self) -> &'static Definition {
                match self { $(Self::$provider => const { &$module::DEFINITION },)* }
            }
        }
    };
}

providers! {
    /// No managed service recognised.
    #[default]
    SelfHosted: self_hosted,
    /// Amazon RDS for PostgreSQL.
    Rds: rds,
    /// Amazon Aurora PostgreSQL.
    Aurora: aurora,
    /// Google Cloud SQL.
    CloudSql: cloud_sql,
    /// Google AlloyDB.
    AlloyDb: alloydb,
    /// Azure Database for PostgreSQL.
    Azure: azure,
    /// Heroku Postgres.
    Heroku: heroku,
    /// Supabase.
    Supabase: supabase,
    /// Neon.
    Neon: neon,
    /// `DigitalOcean` Managed Databases.
    DigitalOcean: digital_ocean,
    /// Aiven.
    Aiven: aiven,
    /// Crunchy Bridge.
    CrunchyBridge: crunchy_bridge,
}

impl Provider {
    /// The word in the JSON report, and for `--provider`.
    pub fn as_str(self) -> &'static str {
        self.definition().name
    }

    /// By the host name's ending alone, for when nothing has been connected to yet.
    pub fn of_host(host: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.definition().has_host(host))
    }

    /// The best-scored provider. Each sign is one point, and one alone decides nothing.
    pub fn recognise(evidence: &ProviderEvidence, host: &str) -> Self {
        let score = |provider: Self| {
            let definition = provider.definition();
            let prefixes = evidence.prefixes.iter();
            let points = [
                usize::from(prefixes.into_iter().any(|prefix| prefix == definition.setting_prefix)),
                among(&evidence.roles, definition.roles),
                among(&evidence.databases, definition.databases),
                usize::from(definition.has_host(host)),
            ];
            (definition.score)(evidence, points.into_iter().sum())
        };
        let best = Self::ALL.into_iter().max_by_key(|provider| score(*provider));
        best.filter(|best| score(*best) >= 2).unwrap_or_default()
    }

    /// Whether the provider keeps this role for itself: what belongs to it can be had by nobody.
    pub fn is_reserved_role(self, role: &str) -> bool {
        self.definition().reserved_roles.contains(&role)
    }

    /// What all providers together have of a kind of names, as an array of PostgreSQL's.
    pub(crate) fn array_of(names: fn(&Definition) -> &'static [&'static str]) -> String {
        let all = Self::ALL.into_iter().flat_map(|provider| names(provider.definition()));
        let all: BTreeSet<&str> = all.copied().collect();
        format!("{{{}}}", all.into_iter().collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Provider {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match Self::ALL.into_iter().find(|provider| provider.as_str() == text) {
            Some(provider) => Ok(provider),
            None => bail!(
                "{text:?} is no provider known here; write one of {}",
                Self::ALL.map(Self::as_str).join(", ")
            ),
        }
    }
}

impl ProviderEvidence {
    /// What is PostgreSQL and yet not quite the community's, or not reached directly: each with what that means here.
    pub fn variants(&self) -> Vec<&'static str> {
        let epas = self.banner.contains("EnterpriseDB");
        let citus = self.extensions.iter().any(|extension| extension == "citus");
        [
            (
                epas,
                "EDB Postgres Advanced Server: it is PostgreSQL with additions, and everything here works; Oracle-like \
                 modes (edb_redwood_date and others) change what Stitch's types become",
            ),
            (
                citus,
                "PostgreSQL with Citus: what Stitch makes stays on the coordinator, and a distributed table refuses some \
                 of the ALTER TABLE a load runs",
            ),
        ]
        .into_iter()
        .filter_map(|(is, what)| is.then_some(what))
        .collect()
    }
}

fn among(found: &[String], known: &[&str]) -> usize {
    found.iter().filter(|name| known.contains(&name.as_str())).count()
}

#[cfg(test)]
mod tests;
