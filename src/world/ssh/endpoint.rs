//! An SSH server, and how it is reached: its addresses are tried in turn, or a server before it carries the connection.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use ssh2::{ErrorCode, Session};

use super::layer::At as _;
use super::relay::{Bounds, LOGIN, Peer, between};
use super::{Ssh, SshLayer, host_key};
use crate::ask::Asker;
use crate::settings::SshTarget;
use crate::world::open::MOST_ADDRESSES;

/// What is needed to log in once more.
#[derive(Clone)]
pub(in crate::world) struct SshEndpoint {
    pub(in crate::world) target: SshTarget,
    /// The login on the server before it, if it is reached through one.
    pub(super) through: Option<Ssh>,
    /// Where to connect when it is not.
    pub(super) addresses: Vec<SocketAddr>,
    pub(in crate::world) timeout: Duration,
    pub(super) asker: Asker,
}

impl SshEndpoint {
    /// A server that is reached directly, whose host key need not be known.
    pub(super) async fn of_any_key(target: SshTarget, timeout: Duration) -> Result<Self> {
        Ok(Self {
            addresses: resolve(&target, timeout).await?,
            target,
            through: None,
            timeout,
            asker: Asker::trusting(),
        })
    }

    /// `forwarded`: the connection, where a server before this one carries it.
    pub(super) fn open(&self, forwarded: Option<OwnedFd>, bounds: &Bounds) -> Result<(Session, OwnedFd)> {
        let peer = match forwarded {
            Some(stream) => Peer::Forwarded(stream),
            None => Peer::Tcp(self.dial().at_given(SshLayer::Tcp, &self.target.given_by)?),
        };
        bounds.begin(self.timeout, LOGIN);
        let stream = between(peer, bounds)?;
        let socket = stream.try_clone().context("cannot share the SSH connection's socket")?;
        let mut session = Session::new().context("libssh2 cannot start a session")?;
        session.set_timeout(u32::try_from(self.timeout.as_millis()).unwrap_or(u32::MAX));
        session.set_tcp_stream(stream);
        host_key::prefer_known_types(&session, &self.target)?;
        let shaken = session.handshake().map_err(|error| {
            if let Some(turned_away) = bounds.turned_away() {
                return turned_away.into();
            }
            let what = match error.code() {
                ErrorCode::Session(-2 | -13 | -43) => {
                    "it does not speak SSH, or closed the connection at once; check the port, and on the server \
                     MaxStartups and any list of banned addresses"
                }
                ErrorCode::Session(-9) => "it accepted the connection but sent nothing; is this the SSH port?",
                ErrorCode::Session(-5 | -8) => {
                    "there is no common key exchange, host key type or cipher; libssh2 supports none of those it offers; your own ssh may: add --ssh-command ssh"
                }
                _ => "the handshake failed",
            };
            bounds.explain(anyhow!("{what} (libssh2: {error})"))
        });
        shaken.at(SshLayer::Banner)?;
        Ok((session, socket))
    }

    /// Tries the addresses in turn.
    fn dial(&self) -> Result<TcpStream> {
        let mut failures = Vec::new();
        for address in &self.addresses {
            match TcpStream::connect_timeout(address, self.timeout) {
                Ok(stream) => return Ok(stream),
                Err(error) => failures.push(format!("{address}: {}", why_not(&error, self.timeout))),
            }
        }
        bail!("{}", failures.join("; "))
    }
}

fn why_not(error: &std::io::Error, timeout: Duration) -> String {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => format!(
            "no answer within {} s; a firewall may be dropping the packets, or the address is wrong",
            timeout.as_secs()
        ),
        ErrorKind::ConnectionRefused => "refused; nothing listens on that port, or a firewall rejects it".to_owned(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            format!("{error}; there is no route to that address from this machine")
        }
        _ => error.to_string(),
    }
}

pub(super) async fn resolve(target: &SshTarget, timeout: Duration) -> Result<Vec<SocketAddr>> {
    let found = addresses_of(target, timeout).await;
    found.at_given(SshLayer::Name, &target.given_by)
}

async fn addresses_of(target: &SshTarget, timeout: Duration) -> Result<Vec<SocketAddr>> {
    let host = target.host.as_str();
    let asking = tokio::net::lookup_host((host, target.port.number()));
    let found = tokio::time::timeout(timeout, asking)
        .await
        .map_err(|_| {
            anyhow!(
                "resolving the SSH server's name {host} took longer than {} s",
                timeout.as_secs()
            )
        })?
        .with_context(|| format!("cannot resolve the SSH server's name {host}; check its spelling"))?;
    let addresses: Vec<SocketAddr> = found.take(MOST_ADDRESSES).collect();
    if addresses.is_empty() {
        bail!("the SSH server's name {host} has no address");
    }
    Ok(addresses)
}
