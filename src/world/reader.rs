//! What steps read from. It has no method that changes anything.

use anyhow::{Result, ensure};

use crate::ask::Asker;
use crate::server::Encryption;
use crate::settings::{BastionServer, Settings};
use crate::statement::Statement;
use crate::world::access::Access;
use crate::world::host::Host;
use crate::world::postgres::Connections;
use crate::world::shared_ssh_login::SharedSshLogin;
use crate::world::stitch_api::StitchApi;

/// What can be read of the outside.
pub(crate) struct Reader {
    pub(super) settings: Settings,
    pub(super) asker: Asker,
    pub(super) access: Access,
    pub(super) connections: Connections,
    pub(super) gateway: Option<SharedSshLogin>,
    pub(super) host: Option<Host>,
    /// This machine, when PostgreSQL runs on it.
    pub(super) here: Option<Host>,
    pub(crate) stitch_encryption: Option<Encryption>,
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
            access,
            connections: Connections::default(),
            asker,
            gateway,
            host: None,
            here: None,
            stitch_encryption: None,
            stitch: StitchApi::new(settings),
        }
    }

    /// The SSH server's host key, as far as it was reached over SSH.
    pub(crate) fn host_key(&self) -> Option<String> {
        self.gateway.as_ref()?.host_key()
    }

    /// Runs a POSIX shell script as root on the SSH server that changes nothing, and returns what it printed on stdout.
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

    /// The SSH server, for scripts that change nothing; it is the caller's from then on.
    pub(crate) async fn take_host(&mut self) -> Result<Host> {
        self.host().await?;
        self.host
            .take()
            .ok_or_else(|| anyhow::anyhow!("there is no SSH server"))
    }

    pub(super) async fn host(&mut self) -> Result<&mut Host> {
        ensure!(self.settings.bastion.is_some(), "no SSH server is set (--bastion)");
        match &mut self.host {
            Some(host) => Ok(host),
            empty => {
                let opened = Host::open(&self.settings, self.gateway.as_ref(), &self.asker);
                Ok(empty.insert(opened.await?))
            }
        }
    }
}
