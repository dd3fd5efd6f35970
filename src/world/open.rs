//! The lowest layers: a name resolved, a TCP connection or a Unix socket opened, straight from this machine.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::names::{HostName, Port};
use crate::world::failure::{Failure, Layer};
use crate::world::wire::Wire;

/// Opens TCP or the Unix socket, straight from this machine.
pub(crate) async fn open_direct(host: &HostName, port: Port, limit: Duration) -> Result<Wire, Failure> {
    if host.is_socket() {
        let path = format!("{host}/.s.PGSQL.{port}");
        return match timeout(limit, UnixStream::connect(&path)).await {
            Ok(Ok(stream)) => Ok(Wire::unix(stream)),
            Ok(Err(error)) => Err(Failure::new(
                Layer::Tcp,
                format!("no PostgreSQL server on the socket {path}: {}", reason(&error)),
            )
            .advise("is the server running? give --host for another machine, or --port for another port")),
            Err(_) => Err(Failure::new(
                Layer::Tcp,
                format!("the socket {path} did not answer within {} s", limit.as_secs()),
            )),
        };
    }
    let addresses = resolve(host, port, limit).await?;
    let mut last = None;
    for address in addresses {
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Every message matters at once; without it small messages wait for the peer's acknowledgement.
                let _ = stream.set_nodelay(true);
                return Ok(Wire::tcp(stream));
            }
            Ok(Err(error)) => last = Some(tcp_failure(host, address, &error)),
            Err(_) => last = Some(filtered(host, address, limit)),
        }
    }
    Err(last.unwrap_or_else(|| Failure::new(Layer::Name, format!("{host} resolves to no address"))))
}

async fn resolve(host: &HostName, port: Port, limit: Duration) -> Result<Vec<SocketAddr>, Failure> {
    let advice =
        "check the spelling of --host; a private name resolves only inside its network (then use --via-bastion)";
    match timeout(limit, tokio::net::lookup_host((host.as_str(), port.number()))).await {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(error)) => {
            Err(Failure::new(Layer::Name, format!("the name {host} does not resolve: {error}")).advise(advice))
        }
        Err(_) => Err(Failure::new(
            Layer::Name,
            format!("the name {host} did not resolve within {} s", limit.as_secs()),
        )
        .advise(advice)),
    }
}

fn tcp_failure(host: &HostName, address: SocketAddr, error: &io::Error) -> Failure {
    let advice = match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "nothing listens there: check --port, that the server runs, and its listen_addresses"
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no way to that network from here: a VPN, or --via-bastion"
        }
        _ => "check --host and --port",
    };
    Failure::new(
        Layer::Tcp,
        format!("cannot connect to {} ({address}): {}", host, reason(error)),
    )
    .advise(advice)
}

fn filtered(host: &HostName, address: SocketAddr, limit: Duration) -> Failure {
    Failure::new(
        Layer::Tcp,
        format!("no answer from {host} ({address}) within {} s", limit.as_secs()),
    )
    .advise(
        "a firewall drops the packets, or the host is down: allow this machine's address there, or use --via-bastion",
    )
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
