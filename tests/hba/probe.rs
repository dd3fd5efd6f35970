//! One login, as far as the server's first answer: that shows which method a rule asked for, or why it refuses the login.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use stitch_pg::hba::{Encryption, Meaning, Rule};

/// The server's first answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Welcome,
    Md5,
    Scram,
    Password,
    Rejected,
    NoEntry,
    Certificate,
    Peer,
    Ident,
    Other(String),
}

/// What a rule should make the server say.
pub(crate) fn expected(rule: Option<&Rule>) -> Said {
    match rule.map(|rule| (rule.meaning(), rule.method.as_str())) {
        None => Said::NoEntry,
        Some((Meaning::Refused, _)) => Said::Rejected,
        Some((Meaning::Certificate, _)) => Said::Certificate,
        Some((Meaning::Open, _)) => Said::Welcome,
        Some((Meaning::Sent, _)) => Said::Password,
        Some((Meaning::Proved, "md5")) => Said::Md5,
        Some((Meaning::Proved, _)) => Said::Scram,
        Some((_, "peer")) => Said::Peer,
        Some((_, "ident")) => Said::Ident,
        Some((_, other)) => Said::Other(other.to_owned()),
    }
}

/// What every login needs.
pub(crate) struct Prober {
    port: u16,
    socket: std::path::PathBuf,
    tls: SslConnector,
}

impl Prober {
    pub(crate) fn new(port: u16, socket_dir: &Path) -> Self {
        let mut tls = SslConnector::builder(SslMethod::tls()).expect("OpenSSL");
        tls.set_verify(SslVerifyMode::NONE);
        Self {
            port,
            socket: socket_dir.join(format!(".s.PGSQL.{port}")),
            tls: tls.build(),
        }
    }

    /// Over the Unix socket.
    pub(crate) fn socket(&self, database: &str, role: &str) -> Said {
        let mut stream = UnixStream::connect(&self.socket).expect("the socket is there");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        greet(&mut stream, database, role)
    }

    /// Over TCP from one of the machine's addresses to the same one.
    pub(crate) fn tcp(&self, from: IpAddr, encryption: Encryption, database: &str, role: &str) -> Said {
        let mut stream = self.dial(from);
        if encryption == Encryption::Plain {
            return greet(&mut stream, database, role);
        }
        // SSLRequest
        stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).expect("a live server");
        let mut answer = [0];
        stream.read_exact(&mut answer).expect("one letter");
        assert_eq!(&answer, b"S", "the server offers TLS");
        let mut tls = self.tls.configure().expect("OpenSSL");
        tls.set_verify_hostname(false);
        greet(&mut tls.connect("server", stream).expect("a handshake"), database, role)
    }

    fn dial(&self, from: IpAddr) -> TcpStream {
        let family = if from.is_ipv4() {
            AddressFamily::INET
        } else {
            AddressFamily::INET6
        };
        let socket = socket(family, SocketType::STREAM, None).expect("a socket");
        bind(&socket, &SocketAddr::new(from, 0)).unwrap_or_else(|error| panic!("{from} is not here: {error}"));
        connect(&socket, &SocketAddr::new(from, self.port)).unwrap_or_else(|error| panic!("from {from}: {error}"));
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        stream.set_nodelay(true).expect("a TCP socket");
        stream
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

fn greet(stream: &mut (impl Read + Write), database: &str, role: &str) -> Said {
    let body = format!("user\0{role}\0database\0{database}\0\0");
    let length = u32::try_from(body.len() + 8).expect("a short message");
    let mut message = length.to_be_bytes().to_vec();
    message.extend([0, 3, 0, 0]);
    message.extend(body.as_bytes());
    stream.write_all(&message).expect("a live server");
    let mut head = [0; 5];
    stream.read_exact(&mut head).expect("an answer");
    let length = usize::try_from(u32::from_be_bytes([head[1], head[2], head[3], head[4]])).expect("32 bits fit") - 4;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("all of the answer");
    match (head[0], body.get(..4)) {
        (b'R', Some([0, 0, 0, 0])) => Said::Welcome,
        (b'R', Some([0, 0, 0, 3])) => Said::Password,
        (b'R', Some([0, 0, 0, 5])) => Said::Md5,
        (b'R', Some([0, 0, 0, 10])) => Said::Scram,
        _ => refusal(&String::from_utf8_lossy(&body)),
    }
}

fn refusal(text: &str) -> Said {
    for (part, said) in [
        ("no pg_hba.conf entry for", Said::NoEntry),
        ("pg_hba.conf rejects connection", Said::Rejected),
        ("requires a valid client certificate", Said::Certificate),
        ("Peer authentication failed", Said::Peer),
        ("Ident authentication failed", Said::Ident),
    ] {
        if text.contains(part) {
            return said;
        }
    }
    Said::Other(text.to_owned())
}
