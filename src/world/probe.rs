//! Probes a port: whether a connection is accepted there, from here or from the SSH server. Nothing is sent, and no login is tried.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::reader::Reader;
use crate::names::{HostName, Port};
use crate::settings::{BastionServer, Settings};

/// A server that answers does so sooner, and you wait for the result.
const PATIENCE: Duration = Duration::from_secs(3);

/// What came of it when no connection was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreachable {
    /// The connection was refused.
    Refused,
    /// Nothing came back.
    Silent,
}

/// Probes from here. `None`: it is open, or cannot be checked from here.
pub(crate) async fn probe(host: &HostName, port: Port, settings: &Settings) -> Option<Unreachable> {
    if host.is_socket() {
        return None;
    }
    let connecting = TcpStream::connect((host.as_str(), port.number()));
    match timeout(settings.timeout.min(PATIENCE), connecting).await {
        Err(_) => Some(Unreachable::Silent),
        Ok(Err(error)) => match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Some(Unreachable::Refused),
            // Some firewalls say so instead of dropping.
            ErrorKind::HostUnreachable | ErrorKind::TimedOut => Some(Unreachable::Silent),
            _ => None,
        },
        Ok(Ok(_)) => None,
    }
}

impl Reader {
    /// Probes the database from the SSH server. `None`: it is open, or the SSH server could not be asked.
    pub(crate) async fn probe_from_bastion(&self) -> Option<String> {
        let stitch = &self.settings.stitch;
        let bastion = self.settings.bastion.as_ref()?;
        if matches!(bastion.server, BastionServer::Local) {
            let closed = probe(&stitch.host, stitch.port, &self.settings).await?;
            return Some(closed.as_str().to_owned());
        }
        let gateway = self.gateway.as_ref()?;
        gateway.login().await.ok()?;
        let limit = self.settings.timeout.min(PATIENCE);
        match timeout(limit, gateway.forward(stitch.host.as_str(), stitch.port.number())).await {
            Err(_) => Some(Unreachable::Silent.as_str().to_owned()),
            Ok(Err(why)) => Some(format!("{why:#}")),
            Ok(Ok(_)) => None,
        }
    }
}

impl Unreachable {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Refused => "connection refused: nothing listens on that port, or a firewall rejects it",
            Self::Silent => "no answer: a firewall drops the packets, or the machine is down",
        }
    }
}
