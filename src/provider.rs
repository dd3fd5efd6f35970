//! Which managed service a server belongs to, from signs any login can read; scored, never decided by one sign alone
//! where signs are shared (RDS and Heroku both live below amazonaws.com).

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
    /// The word in the JSON report.
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

    /// The best-scored provider; two points at least, so that one stray role name decides nothing.
    #[must_use]
    pub fn recognise(signs: &Signs, host: &str) -> Self {
        let by_host = Self::of_host(host);
        let score = |provider: Self, prefix: &str, roles: &[&str], databases: &[&str]| {
            let prefix = usize::from(!prefix.is_empty() && signs.prefixes.iter().any(|p| p == prefix));
            let roles = signs.roles.iter().filter(|role| roles.contains(&role.as_str())).count();
            let databases = signs
                .databases
                .iter()
                .filter(|name| databases.contains(&name.as_str()))
                .count();
            let host = if by_host == Some(provider) { 2 } else { 0 };
            (prefix * 2 + roles + databases + host, provider)
        };
        let scores = [
            score(Self::Rds, "rds", &["rdsadmin", "rds_superuser"], &["rdsadmin"]),
            score(
                Self::CloudSql,
                "cloudsql",
                &["cloudsqladmin", "cloudsqlsuperuser"],
                &["cloudsqladmin"],
            ),
            score(Self::AlloyDb, "alloydb", &["alloydbsuperuser"], &["alloydbadmin"]),
            score(
                Self::Azure,
                "azure",
                &["azuresu", "azure_pg_admin", "azure_superuser"],
                &["azure_maintenance", "azure_sys"],
            ),
            score(Self::Supabase, "supautils", &["supabase_admin"], &[]),
            score(Self::Neon, "neon", &["neon_superuser", "cloud_admin"], &[]),
            score(Self::DigitalOcean, "", &["doadmin", "_dodb"], &["_dodb"]),
            score(Self::Aiven, "", &["avnadmin"], &[]),
            score(Self::CrunchyBridge, "", &["crunchy_superuser"], &[]),
            score(Self::Heroku, "", &["heroku_admin"], &[]),
        ];
        match scores.into_iter().max_by_key(|(points, _)| *points) {
            Some((points, Self::Rds)) if points >= 2 && signs.aurora => Self::Aurora,
            Some((points, provider)) if points >= 2 => provider,
            _ => Self::SelfHosted,
        }
    }
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
