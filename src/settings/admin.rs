//! How the administrator logs in to PostgreSQL.

use super::draft::GivenBy;
use super::login_rules::LoginRules;
use super::tls::Tls;
use crate::names::{DatabaseName, HostName, Port, RoleName};
use crate::provider::Provider;
use crate::secret::Secret;

/// The admin's login: the one that reads and changes things, never the one Stitch uses.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Host name, address, or directory of the Unix socket.
    pub host: HostName,
    /// TCP port; also part of the socket's file name.
    pub port: Port,
    /// Login name; any role name PostgreSQL accepts.
    pub user: String,
    /// From the environment, a password file or a prompt; asked for when the server demands one and it is missing.
    pub password: Option<Secret>,
    /// The database to log in to first.
    pub database: DatabaseName,
    /// TLS as libpq means it.
    pub tls: Tls,
    /// What libpq's parameters ask of the login besides.
    pub rules: LoginRules,
    /// The way to the server.
    pub route: Route,
    /// The role it acts as, where that is not the login itself (`--set-role`).
    pub set_role: Option<RoleName>,
    /// Who runs the server, where a person says so (`--provider`).
    pub provider: Option<Provider>,
    /// What gave its address.
    pub given_by: GivenBy,
}

/// The way from this machine to the database server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// A connection of our own.
    Direct,
    /// Through the SSH server, as Stitch goes.
    Bastion,
}
