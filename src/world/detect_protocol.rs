//! After a failed login: what is it that answers there? A fresh connection listens briefly, then sends PostgreSQL's TLS
//! request and reads one byte. Never part of a login that works, so it costs nothing then.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::settings::Route;
use crate::world::login::AdminLogin;
use crate::world::open::open_direct;

/// PostgreSQL's `SSLRequest` (docs 53.7): length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// How long a server that speaks first is given to do so.
const GREETING: Duration = Duration::from_millis(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DetectedProtocol {
    /// PostgreSQL (or one that speaks its protocol) that offers TLS.
    PostgresWithTls,
    /// PostgreSQL that does not.
    PostgresWithoutTls,
    /// Something else, by its usual name.
    Other(&'static str),
    /// Nothing, or nothing recognisable.
    Nothing,
}

/// Asks. Only for servers that are reached straight from here.
pub(crate) async fn identify(login: &AdminLogin, limit: Duration) -> DetectedProtocol {
    if login.route == Route::Bastion {
        return DetectedProtocol::Nothing;
    }
    let Ok(wire) = open_direct(login.address(), login.port, limit, &login.given_by).await else {
        return DetectedProtocol::Nothing;
    };
    let mut wire = wire.for_anybody();
    let mut bytes = [0; 64];
    if let Ok(Ok(count)) = timeout(GREETING, wire.read(&mut bytes)).await
        && count > 0
    {
        return greeting(&bytes[..count]);
    }
    if wire.write_all(&SSL_REQUEST).await.is_err() {
        return DetectedProtocol::Nothing;
    }
    let limit = limit.min(Duration::from_secs(1));
    if let Ok(Ok(count)) = timeout(limit, wire.read(&mut bytes)).await {
        return if count > 0 {
            reply(&bytes[..count])
        } else {
            DetectedProtocol::Nothing
        };
    }
    // A line-based server such as HTTP still waits for the end of its first line. PostgreSQL would have answered.
    let _ = wire.write_all(b"\r\n\r\n").await;
    match timeout(limit, wire.read(&mut bytes)).await {
        Ok(Ok(count)) if count > 0 => reply(&bytes[..count]),
        _ => DetectedProtocol::Nothing,
    }
}

fn greeting(bytes: &[u8]) -> DetectedProtocol {
    if bytes.starts_with(b"SSH-") {
        DetectedProtocol::Other("an SSH server")
    } else if bytes.starts_with(b"220 ") || bytes.starts_with(b"220-") {
        DetectedProtocol::Other("a mail or FTP server")
    } else if bytes.get(4) == Some(&10) && bytes.get(3) == Some(&0) {
        DetectedProtocol::Other("a MySQL server")
    } else {
        DetectedProtocol::Other("a server that speaks first, which PostgreSQL never does")
    }
}

fn reply(bytes: &[u8]) -> DetectedProtocol {
    match bytes {
        [b'S', ..] => DetectedProtocol::PostgresWithTls,
        [b'N' | b'E', ..] => DetectedProtocol::PostgresWithoutTls,
        [b'H', b'T', b'T', b'P', ..] => DetectedProtocol::Other("an HTTP server"),
        [0x15, 3, ..] => DetectedProtocol::Other("a TLS server of another kind (HTTPS?)"),
        _ => DetectedProtocol::Other("something else"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_and_replies() {
        assert_eq!(
            greeting(b"SSH-2.0-OpenSSH_9.2"),
            DetectedProtocol::Other("an SSH server")
        );
        assert_eq!(
            greeting(b"J\0\0\0\x0a8.0.36"),
            DetectedProtocol::Other("a MySQL server")
        );
        assert_eq!(reply(b"HTTP/1.1 400"), DetectedProtocol::Other("an HTTP server"));
        assert_eq!(reply(b"N"), DetectedProtocol::PostgresWithoutTls);
        assert_eq!(reply(b"S"), DetectedProtocol::PostgresWithTls);
    }
}
