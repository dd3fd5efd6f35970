//! The lowest layers: a name resolved, a TCP connection or a Unix socket opened, straight from this machine.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::net::sockopt;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::finding::Code;
use crate::names::{HostName, Port};
use crate::settings::GivenBy;
use crate::world::failure::{Failure, Layer, Stage};
use crate::world::wire::Wire;

/// No more addresses of a name are tried, each for `--timeout` at most: the number is the name server's.
pub(crate) const MOST_ADDRESSES: usize = 8;

/// Opens TCP or the Unix socket, straight from this machine.
pub(crate) async fn open_direct(host: &HostName, port: Port, limit: Duration, by: &GivenBy) -> Result<Wire, Failure> {
    let began = Instant::now();
    if host.is_socket() {
        let path = format!("{host}/.s.PGSQL.{port}");
        return match timeout(limit, UnixStream::connect(&path)).await {
            Ok(Ok(stream)) => {
                let text = format!("the socket {path} is open");
                Ok(Wire::unix(stream, vec![Stage::passed(Layer::Tcp, began, text)]))
            }
            Ok(Err(error)) => Err(Failure::new(
                Layer::Tcp,
                Code::LoginTcpRefused,
                format!("no PostgreSQL server on the socket {path}: {}", reason(&error)),
            )
            .advise(format!(
                "start the server if it does not run; give its socket's folder or another machine with {}, the port with {}",
                by.host, by.port
            ))),
            Err(_) => Err(Failure::new(
                Layer::Tcp,
                Code::LoginTcpFiltered,
                format!("the socket {path} did not answer within {} s", limit.as_secs()),
            )),
        };
    }
    let addresses = resolve(host, port, limit, by).await?;
    let mut stages = vec![Stage::passed(Layer::Name, began, named(host, &addresses))];
    if addresses.iter().any(SocketAddr::is_ipv4) {
        let text = "it has an IPv4 address, which Stitch needs";
        stages.push(Stage::passed(Layer::Family, Instant::now(), text));
    }
    let mut last = None;
    for address in addresses {
        let began = Instant::now();
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Every message matters at once; without it small messages wait for the peer's acknowledgement.
                let _ = stream.set_nodelay(true);
                keep_alive(&stream);
                stages.push(Stage::passed(
                    Layer::Tcp,
                    began,
                    format!("{address} accepts connections"),
                ));
                return Ok(Wire::tcp(stream, stages));
            }
            Ok(Err(error)) => last = Some(tcp_failure(host, address, &error, by)),
            Err(_) => last = Some(filtered(host, address, limit)),
        }
    }
    let none = || {
        let text = format!("{host} resolves to no address");
        Failure::new(Layer::Name, Code::LoginHostNotFound, text)
    };
    Err(last.map_or_else(none, |failure| failure.behind(stages)))
}

/// Notices a peer that is gone without a word, as behind a firewall that forgot the connection, while a long statement is
/// waited for. What a system does not know is left out.
fn keep_alive(stream: &TcpStream) {
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, Duration::from_secs(10));
    let _ = sockopt::set_tcp_keepintvl(stream, Duration::from_secs(5));
    let _ = sockopt::set_tcp_keepcnt(stream, 3);
}

fn named(host: &HostName, addresses: &[SocketAddr]) -> String {
    let list: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    if list == [host.as_str()] {
        format!("{host} is an address")
    } else {
        format!("{host} is {}", list.join(", "))
    }
}

/// The addresses of a name.
async fn resolve(host: &HostName, port: Port, limit: Duration, by: &GivenBy) -> Result<Vec<SocketAddr>, Failure> {
    let failed = |why: String| {
        let advice = format!(
            "check the spelling of {}; a private name resolves only inside its network (then use --via-bastion)",
            by.host
        );
        Failure::new(Layer::Name, Code::LoginHostNotFound, format!("the name {host} {why}")).advise(advice)
    };
    match timeout(limit, tokio::net::lookup_host((host.as_str(), port.number()))).await {
        Ok(Ok(addresses)) => Ok(addresses.take(MOST_ADDRESSES).collect()),
        Ok(Err(error)) => Err(failed(format!("does not resolve: {error}"))),
        Err(_) => Err(failed(format!("did not resolve within {} s", limit.as_secs()))),
    }
}

fn tcp_failure(host: &HostName, address: SocketAddr, error: &io::Error, by: &GivenBy) -> Failure {
    let (code, advice) = match error.kind() {
        io::ErrorKind::ConnectionRefused => (
            Code::LoginTcpRefused,
            format!(
                "nothing listens there: check {}, that the server runs, and its listen_addresses",
                by.port
            ),
        ),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => (
            Code::LoginTcpUnreachable,
            "there is no route to that network from here; use a VPN, or --via-bastion".to_owned(),
        ),
        io::ErrorKind::TimedOut => (Code::LoginTcpFiltered, FILTERED.to_owned()),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => (Code::LoginTcpReset, RESET.to_owned()),
        _ => (Code::LoginTcpUnreachable, format!("check {} and {}", by.host, by.port)),
    };
    let text = format!("cannot connect to {} ({address}): {}", host, reason(error));
    Failure::new(Layer::Tcp, code, text).advise(advice)
}

pub(crate) const RESET: &str =
    "a firewall or load balancer answers, but has no server behind it or refuses this address; check there";

const FILTERED: &str =
    "a firewall drops the packets, or the host is down: allow this machine's address there, or use --via-bastion";

fn filtered(host: &HostName, address: SocketAddr, limit: Duration) -> Failure {
    Failure::new(
        Layer::Tcp,
        Code::LoginTcpFiltered,
        format!("no answer from {host} ({address}) within {} s", limit.as_secs()),
    )
    .advise(FILTERED)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::NotFound => "the file does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
