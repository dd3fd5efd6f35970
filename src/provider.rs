//! Which managed service a server belongs to, from signs any login can read; scored, never decided by one sign alone:
//! a role's name can be anybody's, and RDS and Heroku both live below amazonaws.com.

use std::str::FromStr;

use anyhow::{Error, bail};
use serde::Deserialize;

use crate::word::words;

pub mod list;

/// What was read.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Signs {
    /// `version()`.
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

words! {
    /// Who runs the server.
    #[derive(Default)]
    pub enum Provider {
        /// No managed service recognised.
        #[default]
        SelfHosted = "self-hosted",
        /// Amazon RDS for PostgreSQL.
        Rds = "rds",
        /// Amazon Aurora PostgreSQL.
        Aurora = "aurora",
        /// Google Cloud SQL.
        CloudSql = "cloud-sql",
        /// Google AlloyDB.
        AlloyDb = "alloydb",
        /// Azure Database for PostgreSQL.
        Azure = "azure",
        /// Heroku Postgres.
        Heroku = "heroku",
        /// Supabase.
        Supabase = "supabase",
        /// Neon.
        Neon = "neon",
        /// `DigitalOcean` Managed Databases.
        DigitalOcean = "digitalocean",
        /// Aiven.
        Aiven = "aiven",
        /// Crunchy Bridge.
        CrunchyBridge = "crunchy-bridge",
    }
}

impl Provider {
    /// By the host name's ending alone, for when nothing has been connected to yet.
    pub fn of_host(host: &str) -> Option<Self> {
        let host = host.to_ascii_lowercase();
        let endings = [
            (".rds.amazonaws.com", Self::Rds),
            (".postgres.database.azure.com", Self::Azure),
            (".supabase.co", Self::Supabase),
            (".pooler.supabase.com", Self::Supabase),
            (".neon.tech", Self::Neon),
            (".db.ondigitalocean.com", Self::DigitalOcean),
            (".aivencloud.com", Self::Aiven),
            (".db.postgresbridge.com", Self::CrunchyBridge),
            (".compute-1.amazonaws.com", Self::Heroku),
        ];
        endings
            .into_iter()
            .find(|(ending, _)| host.ends_with(ending))
            .map(|(_, provider)| provider)
    }

    /// The best-scored provider. Each sign is one point, and one alone decides nothing.
    pub fn recognise(signs: &Signs, host: &str) -> Self {
        let by_host = Self::of_host(host);
        let score = |provider: Self, prefix: &str, roles: &[&str], databases: &[&str]| {
            let points = [
                usize::from(!prefix.is_empty() && signs.prefixes.iter().any(|p| p == prefix)),
                among(&signs.roles, roles),
                among(&signs.databases, databases),
                usize::from(by_host == Some(provider)),
            ];
            (points.into_iter().sum::<usize>(), provider)
        };
        let mut scores = vec![
            score(
                Self::Rds,
                "rds",
                &["rdsadmin", "rds_superuser", "rds_password", "rds_replication"],
                &["rdsadmin"],
            ),
            score(
                Self::CloudSql,
                "cloudsql",
                &["cloudsqladmin", "cloudsqlsuperuser"],
                &["cloudsqladmin"],
            ),
            score(
                Self::AlloyDb,
                "alloydb",
                &["alloydbsuperuser", "alloydbadmin"],
                &["alloydbadmin"],
            ),
            score(
                Self::Azure,
                "azure",
                &["azuresu", "azure_pg_admin", "azure_superuser"],
                &["azure_maintenance", "azure_sys"],
            ),
            score(
                Self::Supabase,
                "supautils",
                &["supabase_admin", "supabase_auth_admin", "authenticator"],
                &[],
            ),
            score(
                Self::Neon,
                "neon",
                &["neon_superuser", "cloud_admin", "neon_service"],
                &[],
            ),
            score(Self::DigitalOcean, "", &["doadmin", "_dodb"], &["_dodb", "defaultdb"]),
            score(Self::Aiven, "", &["avnadmin"], &["_aiven", "defaultdb"]),
            score(
                Self::CrunchyBridge,
                "",
                &["crunchy_superuser", "crunchy_replication"],
                &[],
            ),
        ];
        if signs.is_heroku(by_host == Some(Self::Heroku)) {
            scores.push((3, Self::Heroku));
        }
        match scores.into_iter().max_by_key(|(points, _)| *points) {
            Some((points, Self::Rds)) if points >= 2 && signs.aurora => Self::Aurora,
            Some((points, provider)) if points >= 2 => provider,
            _ => Self::SelfHosted,
        }
    }

    /// The role that the provider keeps for itself: what belongs to it can be had by nobody.
    pub fn keeps(self, role: &str) -> bool {
        match self {
            Self::Rds | Self::Aurora => role == "rdsadmin",
            Self::CloudSql => role == "cloudsqladmin",
            Self::AlloyDb => role == "alloydbadmin",
            Self::Azure => matches!(role, "azuresu" | "azure_superuser"),
            Self::Supabase => role == "supabase_admin",
            Self::Neon => matches!(role, "cloud_admin" | "neon_service"),
            Self::DigitalOcean => role == "_dodb",
            _ => false,
        }
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

impl Signs {
    /// Heroku has no names of its own, and its hosts are Amazon's like everybody's; three of its four habits are needed.
    fn is_heroku(&self, by_host: bool) -> bool {
        let random_name = self.database.len() == 14
            && self.database.starts_with('d')
            && self
                .database
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let extensions_apart = self.schemas.iter().any(|schema| schema == "heroku_ext");
        let habits = [by_host, random_name, extensions_apart, self.powerless];
        habits.into_iter().filter(|habit| *habit).count() >= 3
    }

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
