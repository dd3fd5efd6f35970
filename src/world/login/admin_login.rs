//! Who logs in, where, and how.

use std::time::{Duration, Instant};

use tokio::net::UnixStream;

use crate::names::{HostName, Port};
use crate::secret::Secret;
use crate::settings::{GivenBy, LoginRules, Route, Tls};
use crate::world::failure::{Failure, Layer, Stage};
use crate::world::open::open_direct;
use crate::world::shared_ssh_login::SharedSshLogin;
use crate::world::ssh::layer::failure as ssh_failure;
use crate::world::wire::Wire;

/// A login, the administrator's or Stitch's.
#[derive(Clone, Debug)]
pub(crate) struct AdminLogin {
    pub(crate) host: HostName,
    pub(crate) port: Port,
    pub(crate) user: String,
    pub(crate) password: Option<Secret>,
    pub(crate) database: String,
    pub(crate) tls: Tls,
    /// What libpq's parameters ask of it.
    pub(crate) rules: LoginRules,
    /// Startup options, such as `-c default_transaction_read_only=on`.
    pub(crate) options: Option<String>,
    /// The role that each of our calls acts as, whatever became of the options on the way; `None`: what they begin with.
    pub(crate) role: Option<String>,
    pub(crate) timeout: Duration,
    /// How long an answer may take when it is made.
    pub(crate) answer_limit: Duration,
    /// Whether a second connection from here is possible, to see what the server is.
    pub(crate) route: Route,
    /// What gave the host and the port.
    pub(crate) given_by: GivenBy,
}

impl AdminLogin {
    /// `host:port` for messages.
    pub(crate) fn server(&self) -> String {
        if self.host.is_socket() {
            format!("{}/.s.PGSQL.{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The wire to it, over the way it goes.
    pub(crate) async fn reach(&self, gateway: Option<&SharedSshLogin>) -> Result<Wire, Failure> {
        match (self.route, gateway) {
            (Route::Bastion, Some(gateway)) => {
                let opening = gateway.forward(self.address().as_str(), self.port.number());
                self.through_tunnel(opening).await
            }
            _ => open_direct(self.address(), self.port, self.timeout, &self.given_by).await,
        }
    }

    /// The wire to it through an SSH server that was asked to open it.
    pub(crate) async fn through_tunnel(
        &self,
        opening: impl Future<Output = anyhow::Result<UnixStream>>,
    ) -> Result<Wire, Failure> {
        let began = Instant::now();
        let stream = opening.await.map_err(|error| ssh_failure(&error))?;
        let text = format!("the SSH server opens {}", self.server());
        Ok(Wire::unix(stream, vec![Stage::passed(Layer::Tunnel, began, text)]))
    }

    /// Where to connect to: libpq's `hostaddr` stands in for the host's lookup.
    pub(crate) fn address(&self) -> &HostName {
        self.rules.address.as_ref().unwrap_or(&self.host)
    }
}
