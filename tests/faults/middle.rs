//! A machine in the middle: ends the client's TLS with a certificate of its own and begins another to the server.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use openssl::ssl::{SslAcceptor, SslConnector, SslFiletype, SslMethod, SslStream, SslVerifyMode};

use crate::support::Certificates;

/// `SSLRequest` (PostgreSQL docs, "Message Formats").
const WISH_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// How long one side may be silent before the other is read.
const TURN: Duration = Duration::from_millis(5);

/// Passes on what either side says to the other, in clear text between two encryptions.
pub(crate) fn relay(client: TcpStream, server: (&str, u16)) {
    let certificates = Certificates::for_names(&["127.0.0.1"]);
    let Some((mut client, mut server)) = accept(client, &certificates).zip(connect(server)) else {
        return;
    };
    while pass(&mut client, &mut server) && pass(&mut server, &mut client) {}
}

fn accept(mut stream: TcpStream, certificates: &Certificates) -> Option<SslStream<TcpStream>> {
    let mut wish = [0; 8];
    stream.read_exact(&mut wish).ok()?;
    if wish != WISH_FOR_TLS {
        return None;
    }
    stream.write_all(b"S").ok()?;
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).expect("OpenSSL's settings");
    acceptor
        .set_certificate_file(certificates.certificate(), SslFiletype::PEM)
        .expect("the certificate just made");
    acceptor
        .set_private_key_file(certificates.key(), SslFiletype::PEM)
        .expect("the key just made");
    let stream = acceptor.build().accept(stream).ok()?;
    stream.get_ref().set_read_timeout(Some(TURN)).ok()?;
    Some(stream)
}

fn connect(server: (&str, u16)) -> Option<SslStream<TcpStream>> {
    let mut stream = TcpStream::connect(server).ok()?;
    stream.write_all(&WISH_FOR_TLS).ok()?;
    let mut answer = [0];
    stream.read_exact(&mut answer).ok()?;
    let mut connector = SslConnector::builder(SslMethod::tls()).expect("OpenSSL's settings");
    connector.set_verify(SslVerifyMode::NONE);
    let stream = connector.build().connect("127.0.0.1", stream).ok()?;
    stream.get_ref().set_read_timeout(Some(TURN)).ok()?;
    Some(stream)
}

/// What `from` has said by now, to `to`; whether both are still there.
fn pass(from: &mut SslStream<TcpStream>, to: &mut SslStream<TcpStream>) -> bool {
    let mut buffer = [0; 16 * 1024];
    match from.read(&mut buffer) {
        Ok(0) => false,
        Ok(count) => to.write_all(&buffer[..count]).is_ok(),
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}
