//! What can be read off a connection while it is made: the server's first byte, when each layer was passed, how the
//! server wants to be convinced, and which server process it says it is. tokio-postgres keeps all of that to itself.

mod excess;
mod watched;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::world::tls::Examined;
pub(crate) use excess::Excess;
use excess::{LONGEST_LOGIN, LONGEST_MESSAGE};
pub(crate) use watched::Watched;

/// Shared by the wire, the TLS layer on it, and whoever wants to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tap(Arc<Mutex<Seen>>);

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The first byte that came back: after a TLS request the server's answer, `S` or `N` (PostgreSQL docs 53.2.10).
    pub(crate) first_byte: Option<u8>,
    /// When it came.
    pub(crate) answered: Option<Instant>,
    /// When the TLS handshake was done.
    pub(crate) encrypted: Option<Instant>,
    /// When the server said that the login is right.
    pub(crate) authenticated: Option<Instant>,
    /// The first way to authenticate that the server named.
    pub(crate) method: Option<Method>,
    /// The number of the server process, as told at login; a pooler tells its own.
    pub(crate) process: Option<i32>,
    /// What was made of the server's certificate.
    pub(crate) certificate: Option<Examined>,
    reader: Reader,
}

/// How the server wants to be convinced (PostgreSQL docs 53.7, `Authentication…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// `trust`, or a certificate: nothing was asked.
    Nothing,
    /// The password in clear text.
    ClearText,
    /// md5.
    Md5,
    /// SCRAM-SHA-256.
    Scram,
    /// Kerberos, SSPI and the like.
    Other,
}

impl Method {
    pub(crate) fn takes_a_password(self) -> bool {
        matches!(self, Self::ClearText | Self::Md5 | Self::Scram)
    }
}

/// Finds its way through the messages without keeping them, and sees to it that they come to an end.
#[derive(Clone, Debug, Default)]
struct Reader {
    head: Vec<u8>,
    skip: usize,
    login: usize,
    over: bool,
}

impl Tap {
    pub(crate) fn seen(&self) -> Seen {
        self.lock().clone()
    }

    pub(super) fn examined(&self, note: impl FnOnce(&mut Examined)) {
        note(self.lock().certificate.get_or_insert_default());
    }

    /// Bytes as they come from the network: the protocol itself, or after an `S` something encrypted.
    /// Fails where the server sends more than any server has reason to.
    pub(super) fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        let mut seen = self.lock();
        let mut rest = bytes;
        if seen.first_byte.is_none() {
            let Some((first, behind)) = bytes.split_first() else {
                return Ok(());
            };
            seen.first_byte = Some(*first);
            seen.answered = Some(Instant::now());
            match first {
                b'S' => return Ok(()),
                b'N' => rest = behind,
                _ => {}
            }
        }
        if seen.first_byte == Some(b'S') {
            return Ok(());
        }
        seen.read(rest)
    }

    fn decrypted(&self, bytes: &[u8]) -> io::Result<()> {
        self.lock().read(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn read(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let reader = &mut self.reader;
        if !reader.over {
            reader.login += bytes.len();
            if reader.login > LONGEST_LOGIN {
                return Err(Excess::Login.into());
            }
        }
        while let Some((byte, behind)) = bytes.split_first() {
            let passed = self.reader.skip.min(bytes.len());
            if passed > 0 {
                self.reader.skip -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            if let Some((kind, number)) = self.reader.next(*byte) {
                self.note(kind, number);
            }
            if self.reader.skip > LONGEST_MESSAGE {
                return Err(Excess::Message(self.reader.skip).into());
            }
            bytes = behind;
        }
        Ok(())
    }

    fn note(&mut self, kind: u8, number: i32) {
        if kind == b'K' {
            self.process = Some(number);
            return;
        }
        let method = match number {
            0 => Method::Nothing,
            3 => Method::ClearText,
            5 => Method::Md5,
            10 => Method::Scram,
            _ => Method::Other,
        };
        self.method.get_or_insert(method);
        if number == 0 {
            self.authenticated = Some(Instant::now());
        }
    }
}

impl Reader {
    /// Takes one byte of a message's head; tells of each `R` and `K` message of the login its kind and its first number.
    fn next(&mut self, byte: u8) -> Option<(u8, i32)> {
        self.head.push(byte);
        let kind = self.head[0];
        let numbered = matches!(kind, b'R' | b'K') && !self.over;
        let length = if numbered { 9 } else { 5 };
        if self.head.len() < length {
            return None;
        }
        let number = |at: usize| {
            self.head[at..at + 4]
                .iter()
                .fold(0, |sum: i32, byte| (sum << 8) | i32::from(*byte))
        };
        let told = numbered.then(|| (kind, number(5)));
        // A message's length counts itself and not its kind.
        self.skip = usize::try_from(number(1))
            .unwrap_or_default()
            .saturating_sub(length - 1);
        self.over |= kind == b'Z';
        self.head.clear();
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `AuthenticationSASL`, `AuthenticationOk`, a parameter, the process, ready: in pieces of every length.
    #[test]
    fn a_login_is_read_however_it_is_cut() {
        let mut login = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0R\0\0\0\x08\0\0\0\0".to_vec();
        login.extend(b"S\0\0\0\x09K\0on\0K\0\0\0\x0c\0\0\x12\x34\0\0\0\x01Z\0\0\0\x05IK\0\0\0\x0c\0\0\0\0\0\0\0\0");
        for size in 1..login.len() {
            let tap = Tap::default();
            login.chunks(size).for_each(|part| tap.raw(part).unwrap());
            let seen = tap.seen();
            assert_eq!(
                (seen.method, seen.process),
                (Some(Method::Scram), Some(0x1234)),
                "{size}"
            );
            assert!(seen.authenticated.is_some());
        }
    }

    #[test]
    fn what_is_encrypted_is_not_read() {
        let tap = Tap::default();
        tap.raw(b"S").unwrap();
        tap.raw(b"K\0\0\0\x0c\0\0\0\x07\0\0\0\x01").unwrap();
        assert_eq!((tap.seen().first_byte, tap.seen().process), (Some(b'S'), None));
        tap.decrypted(b"K\0\0\0\x0c\0\0\0\x07\0\0\0\x01").unwrap();
        assert_eq!(tap.seen().process, Some(7));
    }

    #[test]
    fn a_refusal_of_tls_is_no_message() {
        let tap = Tap::default();
        tap.raw(b"N").unwrap();
        tap.raw(b"K\0\0\0\x0c\0\0\0\x07\0\0\0\x01").unwrap();
        assert_eq!(tap.seen().process, Some(7));
    }

    #[test]
    fn what_does_not_end_is_refused() {
        let tap = Tap::default();
        let notice = [&b"N\0\0\0\x68"[..], &[b'x'; 100]].concat();
        tap.raw(b"N").unwrap();
        let notices = LONGEST_LOGIN / notice.len();
        assert_eq!((0..=notices).filter(|_| tap.raw(&notice).is_err()).count(), 1);
        let tap = Tap::default();
        tap.raw(b"NZ\0\0\0\x05I").unwrap();
        assert!(
            (0..=notices).all(|_| tap.raw(&notice).is_ok()),
            "after the login there may be many"
        );
        assert!(tap.raw(b"D\x7f\xff\xff\xff").is_err());
    }
}
