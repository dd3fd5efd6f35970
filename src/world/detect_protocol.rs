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

/// Asks, and names what answers where it is no PostgreSQL; `None` also where nothing does. Only for servers that are reached
/// straight from here.
pub(crate) async fn foreign_protocol(login: &AdminLogin, limit: Duration) -> Option<&'static str> {
    if login.route == Route::Bastion {
        return None;
    }
    let wire = open_direct(login.address(), login.port, limit, &login.given_by).await;
    let mut wire = wire.ok()?.for_anybody();
    let mut bytes = [0; 64];
    if let Ok(Ok(count @ 1..)) = timeout(GREETING, wire.read(&mut bytes)).await {
        return Some(greeting(&bytes[..count]));
    }
    wire.write_all(&SSL_REQUEST).await.ok()?;
    let limit = limit.min(Duration::from_secs(1));
    let mut answer = timeout(limit, wire.read(&mut bytes)).await;
    if !matches!(answer, Ok(Ok(_))) {
        // A line-based server such as HTTP still waits for the end of its first line. PostgreSQL would have answered.
        let _ = wire.write_all(b"\r\n\r\n").await;
        answer = timeout(limit, wire.read(&mut bytes)).await;
    }
    reply(&bytes[..answer.ok()?.ok()?])
}

fn greeting(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"SSH-") {
        "an SSH server"
    } else if bytes.starts_with(b"220 ") || bytes.starts_with(b"220-") {
        "a mail or FTP server"
    } else if bytes.get(4) == Some(&10) && bytes.get(3) == Some(&0) {
        "a MySQL server"
    } else {
        "a server that speaks first, which PostgreSQL never does"
    }
}

fn reply(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [] | [b'S' | b'N' | b'E', ..] => None,
        [b'H', b'T', b'T', b'P', ..] => Some("an HTTP server"),
        [0x15, 3, ..] => Some("a TLS server of another kind (HTTPS?)"),
        _ => Some("something else"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_and_replies() {
        assert_eq!(greeting(b"SSH-2.0-OpenSSH_9.2"), "an SSH server");
        assert_eq!(greeting(b"J\0\0\0\x0a8.0.36"), "a MySQL server");
        assert_eq!(reply(b"HTTP/1.1 400"), Some("an HTTP server"));
        assert_eq!(reply(b"N"), None);
        assert_eq!(reply(b"S"), None);
    }
}
