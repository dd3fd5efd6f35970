//! What steps read from. It has no method that changes anything.

use anyhow::{Result, bail};

use crate::ask::Asker;
use crate::names::DatabaseName;
use crate::secret::Secret;
use crate::server::{Encryption, PostgresServer};
use crate::settings::{BastionServer, Settings};
use crate::statement::Statement;
use crate::world::access::Access;
use crate::world::failure::Failure;
use crate::world::host::Host;
use crate::world::login::{Other, Session};
use crate::world::postgres::Postgres;
use crate::world::shared_ssh_login::SharedSshLogin;
use crate::world::stitch_api::StitchApi;

/// What can be read of the outside.
pub(crate) struct Reader {
    pub(super) settings: Settings,
    pub(super) asker: Asker,
    pub(super) postgres: Postgres,
    pub(super) gateway: Option<SharedSshLogin>,
    pub(super) host: Option<Host>,
    /// This machine, when PostgreSQL runs on it.
    pub(super) here: Option<Host>,
    pub(super) stitch_encryption: Option<Encryption>,
    pub(super) stitch: StitchApi,
}

impl Reader {
    /// Connects to nothing yet.
    pub(super) fn new(settings: &Settings, access: Access, asker: Asker) -> Self {
        let gateway = match settings.bastion.as_ref().map(|bastion| &bastion.server) {
            Some(BastionServer::Ssh(target)) => Some(SharedSshLogin::new(target, settings.timeout, &asker)),
            _ => None,
        };
        Self {
            settings: settings.clone(),
            postgres: Postgres::new(settings, access, gateway.clone(), asker.clone()),
            asker,
            gateway,
            host: None,
            here: None,
            stitch_encryption: None,
            stitch: StitchApi::new(settings),
        }
    }

    /// The administrator's password, where one was given or asked for.
    pub(crate) fn admin_password(&self) -> Option<&Secret> {
        self.postgres.admin_password()
    }

    /// What the server is, as far as it was reached.
    pub(crate) fn known_server(&self) -> Option<&PostgresServer> {
        self.postgres.known_server()
    }

    /// What the server is.
    pub(crate) async fn server(&mut self) -> Result<&PostgresServer> {
        self.postgres.server().await
    }

    /// The administrator's first connection, where there is one.
    pub(crate) fn admin_session(&self) -> Option<std::sync::Arc<Session>> {
        self.postgres.first_session()
    }

    /// Why a database that exists did not let the admin's login in, when a question was last put to it.
    pub(crate) fn closed_reason(&self, database: &DatabaseName) -> Option<&Failure> {
        self.postgres.closed_reason(database.as_str())
    }

    /// Logs in as the Stitch role, a fresh connection over the path Stitch will use.
    pub(crate) async fn log_in_as_stitch(&mut self, database: &str) -> Result<Session, Failure> {
        let session = self.postgres.log_in_as_stitch(database).await?;
        self.stitch_encryption = Some(session.encryption);
        Ok(session)
    }

    /// How many sessions of the administrator's this run has.
    pub(crate) fn own_sessions(&self) -> i64 {
        self.postgres.sessions_open()
    }

    /// What Stitch's login comes to with TLS instead of without, or the other way round. No password is sent.
    pub(crate) async fn try_other_encryption(&self, database: &str, this_way: Encryption) -> Other {
        self.postgres.try_other_encryption(database, this_way).await
    }

    /// Whether Stitch's own login was encrypted, when it was tried.
    pub(crate) fn stitch_encryption(&self) -> Option<Encryption> {
        self.stitch_encryption
    }

    /// The SSH server's host key, as far as it was reached over SSH.
    pub(crate) fn host_key(&self) -> Option<String> {
        self.gateway.as_ref()?.host_key()
    }

    /// Runs a POSIX shell script as root on the SSH server that only looks, and returns what it printed on stdout.
    pub(crate) async fn inspect_host(&mut self, script: &Statement) -> Result<String> {
        self.host().await?.as_root(script).await
    }

    /// The firewall rules of the machine that Stitch, or without an SSH server PostgreSQL, is reached at, where it is
    /// one we are root on without a question.
    pub(crate) async fn inspect_firewall(&mut self) -> Result<String> {
        let addresses: Vec<_> = self.settings.stitch.allow.iter().map(|cidr| cidr.address()).collect();
        let script = crate::shell::inspect_firewall(&addresses);
        self.entrance().await?.as_root_unasked(&script).await
    }

    /// The machine Stitch reaches: the SSH server, or without one PostgreSQL's.
    pub(super) async fn entrance(&mut self) -> Result<&mut Host> {
        if self.settings.bastion.is_some() {
            self.host().await
        } else {
            self.database_host().await
        }
    }

    /// The SSH server, for scripts that only look; it is the caller's from then on.
    pub(crate) async fn take_host(&mut self) -> Result<Host> {
        self.host().await?;
        self.host
            .take()
            .ok_or_else(|| anyhow::anyhow!("there is no SSH server"))
    }

    pub(super) async fn host(&mut self) -> Result<&mut Host> {
        let Some(bastion) = &self.settings.bastion else {
            bail!("no SSH server is set (--bastion)")
        };
        match &mut self.host {
            Some(host) => Ok(host),
            empty => {
                let timeout = self.settings.timeout;
                Ok(empty.insert(Host::open(bastion, self.gateway.as_ref(), &self.asker, timeout).await?))
            }
        }
    }
}
