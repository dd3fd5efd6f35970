//! The states a server is found in.

use crate::rights::admins::Admin;
use crate::support::Postgres;
use crate::support::wizard::{PASSWORD, Wizard};

/// One state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Nothing,
    OtherOwner,
    OtherPassword,
    NoLogin,
    PublicRevoked,
    CatalogRevoked,
    ThirdOwner,
    Full,
}

/// All roles that cells make, in an order in which they can be dropped.
const ROLES: &str = "stitch, loader, admin, team, keeper, rdsadmin, rds_superuser, azuresu, azure_pg_admin, cloudsqladmin, cloudsqlsuperuser";

impl State {
    pub(crate) const ALL: [Self; 8] = [
        Self::Nothing,
        Self::OtherOwner,
        Self::OtherPassword,
        Self::NoLogin,
        Self::PublicRevoked,
        Self::CatalogRevoked,
        Self::ThirdOwner,
        Self::Full,
    ];

    /// What it is called in docs/rights.md.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Nothing => "Neither the database nor the role exists",
            Self::OtherOwner => "The database exists and belongs to another",
            Self::OtherPassword => "The role exists with another password, made by a superuser (`--reset-password`)",
            Self::NoLogin => "The role exists and is NOLOGIN, made by a superuser",
            Self::PublicRevoked => "The database belongs to another, CONNECT and TEMPORARY are revoked from PUBLIC",
            Self::CatalogRevoked => {
                "The database belongs to another, and `information_schema.tables` is closed to PUBLIC in it"
            }
            Self::ThirdOwner => "The database belongs to another, and a third role owns a schema that Stitch loads",
            Self::Full => "The database belongs to another and has a connection limit of 0",
        }
    }

    /// Whether the database is there beforehand. The owner of nothing but a database has one in any case.
    fn has_database(self, admin: Admin) -> bool {
        admin == Admin::Owner || !matches!(self, Self::Nothing | Self::OtherPassword | Self::NoLogin)
    }

    /// Makes it.
    pub(crate) fn make(self, server: &Postgres<'_>, admin: Admin) {
        let mut sql = vec![admin.sql(server.major())];
        if self.has_database(admin) {
            let owner = match (admin, self) {
                // As a member of the owner.
                (Admin::Owner, Self::OtherOwner) => "keeper",
                (Admin::Owner, _) => "admin",
                _ => admin.other_owner(),
            };
            if (admin, self) == (Admin::Owner, Self::OtherOwner) {
                sql.push("grant keeper to admin;".to_owned());
            }
            sql.push(format!("create database stitch owner {owner};"));
        }
        sql.push(match self {
            Self::OtherPassword => "create role stitch login password 'another';".to_owned(),
            Self::NoLogin => format!("create role stitch nologin password '{PASSWORD}';"),
            Self::PublicRevoked => "revoke connect, temporary on database stitch from public;".to_owned(),
            Self::Full => "alter database stitch connection limit 0;".to_owned(),
            Self::ThirdOwner => "create role loader;".to_owned(),
            _ => String::new(),
        });
        server.psql(&sql.concat());
        match self {
            Self::CatalogRevoked => {
                server.psql_in("stitch", "revoke select on information_schema.tables from public");
            }
            Self::ThirdOwner => {
                server.psql_in(
                    "stitch",
                    "create schema shop authorization loader; set role loader;
                     create table shop._sdc_rejected (record text, reason text, table_name text, _sdc_rejected_at timestamptz);
                     create table shop.orders (id int, _sdc_batched_at timestamptz, _sdc_received_at timestamptz,
                                               _sdc_sequence bigint, _sdc_table_version bigint)",
                );
            }
            _ => {}
        }
    }

    /// Takes away all that the cell and the program made.
    pub(crate) fn clear(server: &Postgres<'_>) {
        server.psql(&format!(
            "set client_min_messages = error; drop database if exists stitch with (force); drop role if exists {ROLES}"
        ));
    }

    /// What is asked for in this state.
    pub(crate) fn wizard<'a>(self, server: &'a Postgres<'a>, admin: Admin) -> Wizard<'a> {
        let wizard = Wizard::new(server).admin(crate::rights::admins::ADMIN, crate::rights::admins::ADMIN_PASSWORD);
        let wizard = match admin.acts_as() {
            Some(role) => wizard.set("--set-role", role),
            None => wizard,
        };
        match self {
            Self::OtherPassword => wizard.flag("--reset-password"),
            Self::ThirdOwner => wizard.flag("--schema=shop"),
            _ => wizard,
        }
    }
}
