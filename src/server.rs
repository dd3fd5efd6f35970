//! What the server and the admin's login are, read in one question right after the login.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use crate::provider::{Provider, ProviderEvidence};
use crate::settings::Settings;

/// Oldest server this tool works with; older ones lack what its questions use (and their support ended before 2021).
const OLDEST: i32 = 90_600;

/// The server and the login, as the first question found them.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct PostgresServer {
    /// `server_version`, such as `15.18 (Debian …)`.
    pub version: String,
    /// `server_version_num`, such as 150018.
    pub version_num: i32,
    /// `current_user`.
    pub user: String,
    /// `session_user`.
    pub(crate) login: String,
    /// The role that the login is set to act as (`ALTER ROLE … SET role`).
    #[serde(default)]
    pub(crate) acts_as: Option<String>,
    /// `rolsuper`.
    pub superuser: bool,
    /// Whether this is a standby.
    pub in_recovery: bool,
    /// What hints at a managed service.
    pub signs: ProviderEvidence,
    /// What is in force in this login's session and could interrupt a load, or this run.
    #[serde(default)]
    pub settings: Vec<InForce>,
    /// Filled in after the question.
    #[serde(skip)]
    pub provider: Provider,
    /// The number that `initdb` gave to this server and its copies, where this login may read it.
    #[serde(skip)]
    pub system_identifier: Option<String>,
    /// Whether something in between refused what PostgreSQL itself takes at login.
    #[serde(skip)]
    pub pooled: bool,
}

/// A setting as a session has it in force, and where that comes from (`pg_settings`).
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct InForce {
    pub name: String,
    pub value: String,
    pub source: String,
}

/// The settings of a session that can interrupt a load. A question sets `search_path` for itself, so that one is reported as the
/// session began with it.
macro_rules! in_force {
    () => {
        "(SELECT coalesce(json_agg(json_build_object('name', name, 'source', source,
            'value', CASE name WHEN 'search_path' THEN reset_val ELSE current_setting(name) END) ORDER BY name), '[]')
          FROM pg_settings
          WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout', 'transaction_timeout',
              'idle_session_timeout', 'search_path', 'default_transaction_read_only', 'default_transaction_isolation',
              'session_replication_role', 'row_security', 'standard_conforming_strings', 'session_preload_libraries',
              'local_preload_libraries', 'temp_file_limit') OR name LIKE '%statement_cost_limit')"
    };
}
pub(crate) use in_force;

/// Where a standby gets its data from, as `HOST:PORT`, as far as this login may see it: the server that it receives from (columns
/// of PostgreSQL 11), else the one in its setting (since 12; the setting may hold a password).
macro_rules! primary {
    () => {
        r"coalesce((SELECT (pg_catalog.to_jsonb(w) ->> 'sender_host') || ':' || (pg_catalog.to_jsonb(w) ->> 'sender_port') FROM pg_catalog.pg_stat_wal_receiver AS w),
        (SELECT coalesce(pg_catalog.substring(c.words, E'\\mhost(?:addr)?\\s*=\\s*''?([^''\\s]+)') || ':' || coalesce(pg_catalog.substring(c.words, E'\\mport\\s*=\\s*''?(\\d+)'), '5432'),
            pg_catalog.substring(c.words, '^postgres(?:ql)?://(?:[^@/]*@)?([^/?]+)'))
         FROM (SELECT pg_catalog.regexp_replace(setting, E'\\mpassword\\s*=\\s*(''([^''\\\\]|\\\\.)*''|\\S*)', '', 'g') AS words
             FROM pg_catalog.pg_settings WHERE name = 'primary_conninfo') AS c))"
    };
}
pub(crate) use primary;

/// Whether TLS is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    Tls,
    None,
}

/// One question for all of it. Everything in it is readable by any login (neighbours of this tool fall over
/// `pg_authid` here).
pub(crate) const QUESTION: &str = concat!(
    "
SELECT json_build_object(
    'settings', ",
    in_force!(),
    ",
    'version', current_setting('server_version'),
    'version_num', current_setting('server_version_num')::int,
    'user', current_user,
    'login', session_user,
    'acts_as', (SELECT substr(o, 6) FROM pg_db_role_setting d, unnest(d.setconfig) o
        WHERE d.setrole = (SELECT oid FROM pg_roles WHERE rolname = session_user) AND d.setdatabase = 0 AND o LIKE 'role=%'),
    'superuser', r.rolsuper,
    'in_recovery', pg_is_in_recovery(),
    'signs', json_build_object(
        'banner', version(),
        'prefixes', (SELECT coalesce(json_agg(DISTINCT split_part(name, '.', 1)), '[]') FROM pg_settings WHERE name LIKE '%.%'),
        'roles', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]') FROM pg_roles WHERE rolname = ANY (($1::text)::name[])),
        'databases', (SELECT coalesce(json_agg(datname ORDER BY datname), '[]') FROM pg_database WHERE datname = ANY (($2::text)::name[])),
        'schemas', (SELECT coalesce(json_agg(nspname), '[]') FROM pg_namespace WHERE nspname = ANY (($3::text)::name[])),
        'extensions', (SELECT coalesce(json_agg(extname), '[]') FROM pg_extension WHERE extname = 'citus'),
        'database', current_database(),
        'powerless', NOT (r.rolcreaterole OR r.rolcreatedb OR r.rolsuper),
        'aurora', to_regproc('pg_catalog.aurora_version') IS NOT NULL)
)::text
FROM pg_roles r WHERE r.rolname = current_user"
);

/// A question of its own, since a login may be refused the function.
pub(crate) const SYSTEM_IDENTIFIER: &str =
    "SELECT pg_catalog.to_json(system_identifier::text)::text FROM pg_catalog.pg_control_system()";

/// What the login may do besides, and whether the role for Stitch (`$1`) exists.
pub(crate) const CONTACT: &str = "
SELECT json_build_object(
    'role', EXISTS (SELECT FROM pg_roles s WHERE s.rolname = $1::text::name),
    'createdb', r.rolcreatedb,
    'createrole', r.rolcreaterole
)::text
FROM pg_roles r WHERE r.rolname = current_user";

/// What [`QUESTION`] is asked with: the roles, databases and schemas that providers make.
pub(crate) fn parameters() -> [String; 3] {
    [
        Provider::array_of(|provider| provider.roles),
        Provider::array_of(|provider| provider.databases),
        Provider::array_of(|provider| provider.schemas),
    ]
}

/// The user that Stitch logs in as. A pooler for many projects wants the project behind the role, and then the admin's
/// login has it behind its own as well: `postgres.PROJECT` is `postgres` to the server.
pub(crate) fn stitch_user(settings: &Settings, server: Option<&PostgresServer>) -> String {
    let role = settings.stitch.role.as_str();
    let own = server.map_or("", |server| server.user.as_str());
    let project = settings.admin.user.strip_prefix(own);
    match project.filter(|project| !own.is_empty() && project.starts_with('.') && !role.ends_with(project)) {
        Some(project) => format!("{role}{project}"),
        None => role.to_owned(),
    }
}

impl PostgresServer {
    /// Settings of this login that would cut off our own work, or forbid a change that was asked for; each is switched off by
    /// 0. What the whole server forbids stays forbidden: its disk may be full.
    pub(crate) fn limits(&self) -> Vec<String> {
        let is_limit = |setting: &&InForce| match setting.name.as_str() {
            "default_transaction_read_only" => {
                setting.value == "on"
                    && ["database", "user", "database user", "global"].contains(&setting.source.as_str())
            }
            name => name.ends_with("_timeout") && setting.value != "0",
        };
        let limits = self.settings.iter().filter(is_limit);
        limits.map(|setting| setting.name.clone()).collect()
    }

    /// Refuses what only looks like a PostgreSQL server, and what is too old.
    pub(crate) fn accept(self, host: &str) -> Result<Self> {
        refuse_other_databases(&self.signs.banner)?;
        ensure!(
            self.version_num >= OLDEST,
            "this server is PostgreSQL {}, which is too old for stitch-pg (9.6 or newer)\nnext: upgrade it; PostgreSQL {} has had no security updates for years",
            self.version,
            self.version
        );
        let provider = Provider::recognise(&self.signs, host);
        Ok(Self { provider, ..self })
    }

    /// The day the community's updates of this major version ended, when they have (postgresql.org, "Versioning policy").
    pub(crate) fn support_ended(&self) -> Option<&'static str> {
        support_ended(self.major())
    }

    /// The version, where its major is newer than any this program was tried with.
    pub(crate) fn untried(&self) -> Option<String> {
        (self.major() > NEWEST_TRIED).then(|| self.version.clone())
    }

    /// `15` of `15.18`; `9.6` counts as 9.
    pub(crate) fn major(&self) -> i32 {
        self.version_num / 10_000
    }
}

/// The newest major version the tests run on. Nothing else depends on it.
const NEWEST_TRIED: i32 = 18;

/// As known when this version of the program was made; newer majors are taken to be supported.
fn support_ended(major: i32) -> Option<&'static str> {
    let ends = [
        (9, "11 November 2021"),
        (10, "10 November 2022"),
        (11, "9 November 2023"),
        (12, "21 November 2024"),
        (13, "13 November 2025"),
        (14, "12 November 2026"),
    ];
    ends.into_iter().find(|(ended, _)| *ended == major).map(|(_, day)| day)
}

/// Servers that speak PostgreSQL's protocol and are something else. `banner` is `version()`.
pub(crate) fn refuse_other_databases(banner: &str) -> Result<()> {
    let known = [
        (
            "Redshift",
            "Amazon Redshift; in Stitch choose the Redshift destination instead of PostgreSQL",
        ),
        (
            "CockroachDB",
            "CockroachDB, which Stitch does not document as a destination",
        ),
        ("-YB-", "YugabyteDB, which Stitch does not document as a destination"),
        (
            "Greenplum",
            "Greenplum, which Stitch does not document as a destination",
        ),
        (
            "Materialize",
            "Materialize, which Stitch does not document as a destination",
        ),
    ];
    match known.into_iter().find(|(mark, _)| banner.contains(mark)) {
        Some((_, what)) => bail!("this server is not PostgreSQL: it is {what}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(version_num: i32, banner: &str) -> PostgresServer {
        PostgresServer {
            version: "x".to_owned(),
            version_num,
            user: "me".to_owned(),
            login: "me".to_owned(),
            acts_as: None,
            superuser: false,
            in_recovery: false,
            signs: ProviderEvidence {
                banner: banner.to_owned(),
                ..ProviderEvidence::default()
            },
            settings: Vec::new(),
            provider: Provider::default(),
            system_identifier: None,
            pooled: false,
        }
    }

    #[test]
    fn look_alikes_are_refused_by_name() {
        let banners = [
            (
                "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC, Redshift 1.0.12103",
                "Amazon Redshift",
            ),
            ("CockroachDB CCL v23.1.0 (x86_64-pc-linux-gnu)", "CockroachDB"),
            ("PostgreSQL 11.2-YB-2.18.0.0-b0 on x86_64-pc-linux-gnu", "YugabyteDB"),
        ];
        for (banner, name) in banners {
            let error = server(150_000, banner).accept("h").unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
        assert!(server(150_018, "PostgreSQL 15.18 on x86_64").accept("h").is_ok());
    }

    #[test]
    fn too_old_is_refused_and_ended_is_noted() {
        let error = server(90_518, "PostgreSQL 9.5.18").accept("h").unwrap_err().to_string();
        assert!(error.contains("too old"), "{error}");
        assert_eq!(server(90_624, "").support_ended(), Some("11 November 2021"));
        assert_eq!(server(140_023, "").support_ended(), Some("12 November 2026"));
        assert_eq!(server(150_018, "").support_ended(), None);
        assert_eq!(server(180_004, "").untried(), None);
        assert_eq!(server(190_000, "").untried(), Some("x".to_owned()));
    }
}
