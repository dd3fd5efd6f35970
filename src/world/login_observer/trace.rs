//! What was seen of a login, byte by byte as it comes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::copy_answer::CopyAnswer;
use super::guard::{AuthRequest, Guard, Unwanted};
use super::limits::{LONGEST_LOGIN, LimitExceeded, too_many_rounds};
use super::message::MessageReader;
use crate::world::certificate::Examined;

/// Shared by the wire, the TLS layer on it, and whoever wants to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoginObserver(Arc<Mutex<LoginTrace>>);

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoginTrace {
    /// The first byte that came back: after a TLS request the server's answer, `S` or `N` (PostgreSQL docs 53.2.10).
    pub(crate) first_byte: Option<u8>,
    /// When it came.
    pub(crate) answered: Option<Instant>,
    /// When the TLS handshake was done.
    pub(crate) encrypted: Option<Instant>,
    /// When the server said that the login is right.
    pub(crate) authenticated: Option<Instant>,
    /// The first way to authenticate that the server named.
    pub(crate) method: Option<AuthRequest>,
    /// The number of the server process, as told at login; a pooler tells its own.
    pub(crate) process: Option<i32>,
    /// What was made of the server's certificate.
    pub(crate) certificate: Option<Examined>,
    /// What the server asked for and does not get.
    pub(crate) unwanted: Option<Unwanted>,
    guard: Guard,
    begins: Begins,
    reader: MessageReader,
    copy: Option<CopyAnswer>,
}

/// What the server's first byte is. Whoever stands between must not choose it, or the login is read at the wrong place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Begins {
    /// The first message: TLS was not asked for.
    #[default]
    Message,
    /// The answer to the wish for TLS.
    Answer,
    /// TLS itself.
    Tls,
}

impl LoginObserver {
    pub(crate) fn seen(&self) -> LoginTrace {
        self.lock().clone()
    }

    /// What is to come, and what is to be refused. Before the login begins.
    pub(crate) fn expect(&self, begins: Begins, guard: Guard) {
        let mut seen = self.lock();
        if begins == Begins::Tls {
            seen.first_byte = Some(b'S');
        }
        seen.begins = begins;
        seen.guard = guard;
    }

    pub(in crate::world) fn examined(&self, note: impl FnOnce(&mut Examined)) {
        note(self.lock().certificate.get_or_insert_default());
    }

    /// Bytes as they come from the network: the protocol itself, or after an `S` something encrypted.
    /// Fails where the server sends more than any server has reason to.
    pub(in crate::world) fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        let mut seen = self.lock();
        let Some((first, behind)) = bytes.split_first() else {
            return Ok(());
        };
        let mut rest = bytes;
        if seen.answered.is_none() {
            seen.answered = Some(Instant::now());
            seen.first_byte.get_or_insert(*first);
            if seen.begins == Begins::Answer {
                rest = behind;
            }
        }
        match (seen.begins, seen.first_byte) {
            (Begins::Tls, _) | (Begins::Answer, Some(b'S')) => Ok(()),
            (Begins::Message, _) | (Begins::Answer, Some(b'N')) => seen.read(rest),
            // tokio-postgres takes any other byte for a no, whatever follows.
            (Begins::Answer, _) => Err(io::Error::other("the answer to the wish for TLS is neither yes nor no")),
        }
    }

    /// Reads for tokio-postgres off the network: the protocol itself, unless TLS is around it.
    pub(in crate::world) fn read_wire<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.lock().encrypted.is_none() {
            return self.read_through(stream, context, buffer, |bytes| self.raw(bytes));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(stream).poll_read(context, buffer);
        self.raw(&buffer.filled()[before..])?;
        polled
    }

    pub(super) fn decrypted(&self, bytes: &[u8]) -> io::Result<()> {
        self.lock().read(bytes)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, LoginTrace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LoginObserver {
    /// These rows go to the next COPY that wants some. No answer is under way.
    pub(crate) fn answer_copy(&self, rows: &[u8]) {
        self.lock().copy = Some(CopyAnswer::new(rows));
    }

    /// All answers have come.
    pub(crate) fn end_copy(&self) {
        if let Some(copy) = &mut self.lock().copy {
            copy.end();
        }
    }

    /// Reads what tokio-postgres is to see, from the stream that carries the protocol itself. `note`: what is made of the bytes
    /// as they come.
    pub(super) fn read_through<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        note: impl Fn(&[u8]) -> io::Result<()>,
    ) -> Poll<io::Result<()>> {
        let copy = self.lock().copy.take();
        let Some(mut copy) = copy else {
            let before = buffer.filled().len();
            let polled = Pin::new(stream).poll_read(context, buffer);
            note(&buffer.filled()[before..])?;
            return polled;
        };
        let polled = copy.read(stream, context, buffer, note);
        if !copy.is_done() {
            self.lock().copy = Some(copy);
        }
        polled
    }
}

impl LoginTrace {
    fn read(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let reader = &mut self.reader;
        if !reader.over {
            reader.login += bytes.len();
            if reader.login > LONGEST_LOGIN {
                return Err(LimitExceeded::Login.into());
            }
        }
        while let Some((byte, behind)) = bytes.split_first() {
            let passed = self.reader.skip.min(bytes.len());
            if passed > 0 {
                self.reader.skip -= passed;
                if let Some(challenge) = &mut self.reader.challenge {
                    challenge.extend_from_slice(&bytes[..passed]);
                }
                bytes = &bytes[passed..];
                // Before anybody computes what it asks for.
                if self.reader.skip == 0
                    && let Some(challenge) = self.reader.challenge.take()
                    && let Some(rounds) = too_many_rounds(&challenge)
                {
                    return Err(LimitExceeded::Rounds(rounds).into());
                }
                continue;
            }
            if let Some((kind, number)) = self.reader.next(*byte) {
                self.note(kind, number)?;
            }
            if let Some(excess) = self.reader.excess {
                return Err(excess.into());
            }
            bytes = behind;
        }
        Ok(())
    }

    fn note(&mut self, kind: u8, number: i32) -> io::Result<()> {
        if kind == b'K' {
            self.process = Some(number);
            return Ok(());
        }
        let method = match number {
            0 => AuthRequest::Nothing,
            3 => AuthRequest::ClearText,
            5 => AuthRequest::Md5,
            10 => AuthRequest::Scram,
            _ => AuthRequest::Other,
        };
        let asks = number == 0 && self.method.is_none() || !matches!(number, 0 | 11 | 12);
        if asks && let Some(unwanted) = self.guard.refuses(method, self.encrypted.is_some()) {
            // tokio-postgres gets this error in place of what was asked, so it answers nothing.
            self.unwanted = Some(unwanted);
            return Err(io::Error::other("the server asks for what it does not get"));
        }
        self.method.get_or_insert(method);
        if number == 0 {
            self.authenticated = Some(Instant::now());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::LONGEST_WORDS;
    use super::*;

    /// `AuthenticationSASL`, `AuthenticationOk`, a parameter, the process, ready: in pieces of every length.
    #[test]
    fn a_login_is_read_however_it_is_cut() {
        let mut login = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0R\0\0\0\x08\0\0\0\0".to_vec();
        login.extend(b"S\0\0\0\x09K\0on\0K\0\0\0\x0c\0\0\x12\x34\0\0\0\x01Z\0\0\0\x05IK\0\0\0\x0c\0\0\0\0\0\0\0\0");
        for size in 1..login.len() {
            let tap = LoginObserver::default();
            login.chunks(size).for_each(|part| tap.raw(part).unwrap());
            let seen = tap.seen();
            assert_eq!(
                (seen.method, seen.process),
                (Some(AuthRequest::Scram), Some(0x1234)),
                "{size}"
            );
            assert!(seen.authenticated.is_some());
        }
    }

    fn answered() -> LoginObserver {
        let tap = LoginObserver::default();
        tap.expect(Begins::Answer, Guard::default());
        tap
    }

    /// The server, or who stands between, chooses the bytes, and must not choose where the login is read.
    #[test]
    fn no_first_byte_hides_what_is_asked() {
        let asks = |begins, bytes: &[u8]| {
            let tap = LoginObserver::default();
            let guard = Guard {
                methods: None,
                network: true,
            };
            tap.expect(begins, guard);
            let heard = bytes.chunks(1).try_for_each(|byte| tap.raw(byte));
            heard.is_err()
        };
        let clear_text = b"R\0\0\0\x08\0\0\0\x03";
        assert!(asks(Begins::Message, clear_text));
        assert!(
            !asks(Begins::Message, b"R\0\0\0\x0c\0\0\0\x05salt"),
            "md5 is no clear text"
        );
        for first in 0..=u8::MAX {
            let bytes = [&[first][..], clear_text].concat();
            assert_eq!(asks(Begins::Answer, &bytes), first != b'S', "{first}");
        }
        // A notice first, which tokio-postgres takes for the end of the login, hides nothing.
        assert!(asks(Begins::Message, &[&b"N\0\0\0\x05x"[..], clear_text].concat()));
        assert!(asks(Begins::Message, &[&b"S\0\0\0\x08a\0b\0"[..], clear_text].concat()));
    }

    #[test]
    fn what_is_encrypted_is_not_read() {
        let tap = answered();
        tap.raw(b"S").unwrap();
        tap.raw(b"K\0\0\0\x0c\0\0\0\x07\0\0\0\x01").unwrap();
        assert_eq!((tap.seen().first_byte, tap.seen().process), (Some(b'S'), None));
        tap.decrypted(b"K\0\0\0\x0c\0\0\0\x07\0\0\0\x01").unwrap();
        assert_eq!(tap.seen().process, Some(7));
    }

    #[test]
    fn a_refusal_of_tls_is_no_message() {
        let tap = answered();
        tap.raw(b"N").unwrap();
        tap.raw(b"K\0\0\0\x0c\0\0\0\x07\0\0\0\x01").unwrap();
        assert_eq!(tap.seen().process, Some(7));
    }

    #[test]
    fn rounds_are_counted_before_they_are_computed() {
        for (rounds, refused) in [
            ("4096", None),
            ("100000", None),
            ("100001", Some(100_001)),
            ("99999999999999999999", Some(u64::MAX)),
        ] {
            let body = format!("r=abc,s=c2FsdA==,i={rounds}");
            let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
            let message = [b"R", &length[..], &11_u32.to_be_bytes(), body.as_bytes()].concat();
            for size in 1..message.len() {
                let tap = answered();
                tap.raw(b"N").unwrap();
                let read = message.chunks(size).try_for_each(|part| tap.raw(part));
                let excess = read.err().and_then(|error| LimitExceeded::behind(&error));
                assert_eq!(
                    excess,
                    refused.map(LimitExceeded::Rounds),
                    "{rounds} in pieces of {size}"
                );
            }
        }
    }

    #[test]
    fn what_does_not_end_is_refused() {
        let tap = answered();
        let notice = [&b"N\0\0\0\x68"[..], &[b'x'; 100]].concat();
        tap.raw(b"N").unwrap();
        let notices = LONGEST_LOGIN / notice.len();
        assert_eq!((0..=notices).filter(|_| tap.raw(&notice).is_err()).count(), 1);
        let tap = answered();
        tap.raw(b"NZ\0\0\0\x05I").unwrap();
        assert!(
            (0..=notices).all(|_| tap.raw(&notice).is_ok()),
            "after the login there may be many"
        );
        assert!(tap.raw(b"D\x7f\xff\xff\xff").is_err());
        let tap = answered();
        tap.raw(b"NZ\0\0\0\x05I").unwrap();
        assert!(tap.raw(b"E\0\x20\0\0").is_err(), "an error of 2 MB");
        let tap = answered();
        tap.raw(b"NZ\0\0\0\x05I").unwrap();
        let setting = [&b"S\0\0\0\x68"[..], &[b'x'; 100]].concat();
        let settings = LONGEST_WORDS / 100;
        assert_eq!((0..=settings).filter(|_| tap.raw(&setting).is_err()).count(), 1);
    }
}
