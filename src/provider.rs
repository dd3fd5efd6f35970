//! Which managed service a server belongs to, from signs any login can read; scored, never decided by one sign alone:
//! a role's name can be anybody's, and RDS and Heroku both live below amazonaws.com.

use std::str::FromStr;

use anyhow::{Error, bail};
use serde::Deserialize;

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

/// Who runs the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provider {
    /// No managed service recognised.
    #[default]
    SelfHosted,
    /// Amazon RDS for PostgreSQL.
    Rds,
    /// Amazon Aurora PostgreSQL.
    Aurora,
    /// Google Cloud SQL.
    CloudSql,
    /// Google AlloyDB.
    AlloyDb,
    /// Azure Database for PostgreSQL.
    Azure,
    /// Heroku Postgres.
    Heroku,
    /// Supabase.
    Supabase,
    /// Neon.
    Neon,
    /// `DigitalOcean` Managed Databases.
    DigitalOcean,
    /// Aiven.
    Aiven,
    /// Crunchy Bridge.
    CrunchyBridge,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::SelfHosted,
        Self::Rds,
        Self::Aurora,
        Self::CloudSql,
        Self::AlloyDb,
        Self::Azure,
        Self::Heroku,
        Self::Supabase,
        Self::Neon,
        Self::DigitalOcean,
        Self::Aiven,
        Self::CrunchyBridge,
    ];

    /// The word in the JSON report, and for `--provider`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SelfHosted => "self-hosted",
            Self::Rds => "rds",
            Self::Aurora => "aurora",
            Self::CloudSql => "cloud-sql",
            Self::AlloyDb => "alloydb",
            Self::Azure => "azure",
            Self::Heroku => "heroku",
            Self::Supabase => "supabase",
            Self::Neon => "neon",
            Self::DigitalOcean => "digitalocean",
            Self::Aiven => "aiven",
            Self::CrunchyBridge => "crunchy-bridge",
        }
    }

    /// By the host name's ending alone, for when nothing has been connected to yet.
    #[must_use]
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
    #[must_use]
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
    #[must_use]
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
    #[must_use]
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
mod tests {
    use super::*;

    fn signs(prefixes: &[&str], roles: &[&str]) -> Signs {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Signs {
            prefixes: owned(prefixes),
            roles: owned(roles),
            ..Signs::default()
        }
    }

    #[test]
    fn one_stray_role_is_not_enough() {
        assert_eq!(
            Provider::recognise(&signs(&[], &["avnadmin"]), "10.0.0.1"),
            Provider::SelfHosted
        );
        assert_eq!(
            Provider::recognise(&signs(&["rds"], &["rds_superuser"]), "10.0.0.1"),
            Provider::Rds
        );
        assert_eq!(
            Provider::recognise(&signs(&[], &["avnadmin"]), "pg-1.aivencloud.com"),
            Provider::Aiven
        );
    }

    #[test]
    fn two_signs_are() {
        for (prefix, roles, host, provider) in [
            ("rds", &["rdsadmin"][..], "10.0.0.1", Provider::Rds),
            ("cloudsql", &["cloudsqlsuperuser"], "34.1.2.3", Provider::CloudSql),
            ("alloydb", &["alloydbsuperuser"], "10.0.0.1", Provider::AlloyDb),
            ("", &["azuresu", "azure_pg_admin"], "10.0.0.1", Provider::Azure),
            ("", &["supabase_admin"], "db.x.supabase.co", Provider::Supabase),
            ("neon", &[], "ep-x.eu-central-1.aws.neon.tech", Provider::Neon),
            ("", &["doadmin", "_dodb"], "10.0.0.1", Provider::DigitalOcean),
            (
                "",
                &["crunchy_superuser"],
                "p.x.db.postgresbridge.com",
                Provider::CrunchyBridge,
            ),
            // One setting, one host name, each by itself.
            ("neon", &[], "10.0.0.1", Provider::SelfHosted),
            ("", &[], "x.y.eu-west-1.rds.amazonaws.com", Provider::SelfHosted),
        ] {
            assert_eq!(Provider::recognise(&signs(&[prefix], roles), host), provider, "{host}");
        }
    }

    #[test]
    fn heroku_is_told_by_its_habits() {
        let host = "ec2-1-2-3-4.compute-1.amazonaws.com";
        let mut heroku = Signs {
            database: "d8f1k2l3m4n5o6".to_owned(),
            powerless: true,
            ..Signs::default()
        };
        assert_eq!(Provider::recognise(&heroku, host), Provider::Heroku);
        heroku.schemas = vec!["heroku_ext".to_owned()];
        assert_eq!(Provider::recognise(&heroku, "10.0.0.1"), Provider::Heroku);
        // A plain login on somebody's own EC2 machine.
        heroku.schemas.clear();
        heroku.database = "warehouse".to_owned();
        assert_eq!(Provider::recognise(&heroku, host), Provider::SelfHosted);
    }

    #[test]
    fn relatives_are_named() {
        let signs = Signs {
            banner: "PostgreSQL 16.3 (EnterpriseDB Advanced Server 16.3.0) on x86_64".to_owned(),
            extensions: vec!["citus".to_owned()],
            ..Signs::default()
        };
        let variants = signs.variants();
        assert!(variants[0].starts_with("EDB Postgres Advanced Server") && variants[1].contains("Citus"));
        assert!(Signs::default().variants().is_empty());
    }

    #[test]
    fn names_are_read_back() {
        for provider in Provider::ALL {
            assert_eq!(provider.as_str().parse::<Provider>().unwrap(), provider);
        }
        assert!("heroko".parse::<Provider>().is_err());
    }

    #[test]
    fn aurora_is_rds_with_its_function() {
        let signs = Signs {
            aurora: true,
            ..signs(&["rds"], &["rdsadmin"])
        };
        assert_eq!(
            Provider::recognise(&signs, "x.cluster-y.eu-west-1.rds.amazonaws.com"),
            Provider::Aurora
        );
    }
}
