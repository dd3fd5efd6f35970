//! The kinds of admin's logins.

/// What every one of them is called, and its password.
pub(crate) const ADMIN: &str = "admin";
pub(crate) const ADMIN_PASSWORD: &str = "admin-pw";

/// One kind. Where several fit, the more powerful comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Admin {
    Superuser,
    Rds,
    Azure,
    CloudSql,
    SelfGrant,
    Both,
    Person,
    CreateRole,
    CreateDb,
    Owner,
    Plain,
}

impl Admin {
    pub(crate) const ALL: [Self; 11] = [
        Self::Superuser,
        Self::Rds,
        Self::Azure,
        Self::CloudSql,
        Self::SelfGrant,
        Self::Both,
        Self::Person,
        Self::CreateRole,
        Self::CreateDb,
        Self::Owner,
        Self::Plain,
    ];

    /// What it is called in docs/rights.md.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Superuser => "superuser",
            Self::Rds => "as on RDS: `CREATEDB CREATEROLE`, in `rds_superuser`",
            Self::Azure => "as on Azure: `CREATEDB CREATEROLE`, in `azure_pg_admin`, databases of `azuresu`",
            Self::CloudSql => "as on Cloud SQL: `CREATEDB CREATEROLE`, in `cloudsqlsuperuser`",
            Self::SelfGrant => "`CREATEDB CREATEROLE`, `createrole_self_grant = 'set, inherit'`",
            Self::Both => "`CREATEDB CREATEROLE`",
            Self::Person => "a member of a group with `CREATEDB CREATEROLE`, with `--set-role`",
            Self::CreateRole => "`CREATEROLE` only",
            Self::CreateDb => "`CREATEDB` only",
            Self::Owner => "the database's owner, nothing else",
            Self::Plain => "a plain login",
        }
    }

    /// The setting `createrole_self_grant` is of PostgreSQL 16.
    pub(crate) fn exists_in(self, major: u32) -> bool {
        self != Self::SelfGrant || major >= 16
    }

    /// The role it acts as, where it is another than the login.
    pub(crate) fn acts_as(self) -> Option<&'static str> {
        (self == Self::Person).then_some("team")
    }

    /// Who else owns databases there.
    pub(crate) fn other_owner(self) -> &'static str {
        match self {
            Self::Azure => "azuresu",
            Self::Rds => "rdsadmin",
            Self::CloudSql => "cloudsqladmin",
            _ => "keeper",
        }
    }

    /// Makes the login.
    pub(crate) fn sql(self, major: u32) -> String {
        let attributes = match self {
            Self::Superuser => "superuser",
            Self::Rds | Self::Azure | Self::CloudSql | Self::SelfGrant | Self::Both => "createdb createrole",
            Self::CreateRole => "createrole",
            Self::CreateDb => "createdb",
            Self::Person | Self::Owner | Self::Plain => "",
        };
        let around = match self {
            Self::Rds => "create role rdsadmin superuser; create role rds_superuser; grant rds_superuser to admin;",
            Self::Azure => "create role azuresu superuser; create role azure_pg_admin; grant azure_pg_admin to admin;",
            Self::CloudSql => {
                "create role cloudsqladmin superuser; create role cloudsqlsuperuser createdb createrole;
                 grant cloudsqlsuperuser to admin;"
            }
            Self::Person => {
                "create role keeper; create role team createdb createrole; alter role admin noinherit; grant team to admin;"
            }
            _ => "create role keeper;",
        };
        let self_grant = if major >= 16 && matches!(self, Self::Azure | Self::SelfGrant) {
            "alter role admin set createrole_self_grant = 'set, inherit';"
        } else {
            ""
        };
        format!(
            "set password_encryption = 'scram-sha-256';
             create role {ADMIN} login {attributes} password '{ADMIN_PASSWORD}'; {around} {self_grant}"
        )
    }
}
