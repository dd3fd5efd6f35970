//! Which managed service a server belongs to, from signs any login can read; scored, never decided by one sign alone: a role of any
//! server may have a provider's name, and RDS and Heroku both live below amazonaws.com.

use std::collections::BTreeSet;
use std::str::FromStr;

use anyhow::{Error, bail};

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
mod lakebase;
mod neon;
mod planetscale;
mod rds;
pub(crate) mod read_list;
mod render;
mod self_hosted;
mod supabase;
mod tiger_cloud;

pub(crate) use allow_list::ListEntry;
use definition::Definition;
pub(crate) use definition::ProviderEvidence;

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
    /// `PlanetScale` Postgres.
    PlanetScale: planetscale,
    /// Databricks Lakebase.
    Lakebase: lakebase,
    /// Tiger Cloud (Timescale).
    TigerCloud: tiger_cloud,
    /// Render Postgres.
    Render: render,
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
                usize::from(
                    prefixes
                        .into_iter()
                        .any(|prefix| !prefix.is_empty() && prefix == definition.setting_prefix),
                ),
                among(&evidence.roles, definition.roles),
                among(&evidence.databases, definition.databases),
                usize::from(definition.has_host(host)),
            ];
            (definition.score)(evidence, points.into_iter().sum())
        };
        let best = Self::ALL.into_iter().max_by_key(|provider| score(*provider));
        best.filter(|best| score(*best) >= 2).unwrap_or_default()
    }

    /// Whether the provider keeps this role for itself: no customer's login can take over what belongs to it.
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
                "{text:?} is not a known provider; write one of {}",
                Self::ALL.map(Self::as_str).join(", ")
            ),
        }
    }
}

fn among(found: &[String], known: &[&str]) -> usize {
    found.iter().filter(|name| known.contains(&name.as_str())).count()
}

#[cfg(test)]
mod tests;
