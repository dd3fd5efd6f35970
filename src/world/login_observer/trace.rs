//! What was seen of a login, byte by byte as it comes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::copy_answer::CopyAnswer;
use super::guard::{AuthRequest, Guard, Unwanted};
use super::limits::MessageReader;
use super::limits::{LONGEST_LOGIN, LimitExceeded, too_many_rounds};
use crate::world::certificate::Examined;

/// Shared by the wire, the TLS layer on it, and the code that asks what was seen.
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
    /// The number of the server process, as reported at login; a pooler reports its own.
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

/// What the server's first byte is. A machine in between must not choose it, or the login is read at the wrong place.
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
            (Begins::Answer, _) => Err(io::Error::other("the answer to the TLS request is neither yes nor no")),
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
                // Refused before the client computes the rounds that it asks for.
                let is_whole = self.reader.skip == 0;
                let challenge = self.reader.challenge.take_if(|_| is_whole);
                if let Some(rounds) = challenge.and_then(|challenge| too_many_rounds(&challenge)) {
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
        let unwanted = asks.then(|| self.guard.refuses(method, self.encrypted.is_some()));
        if let Some(unwanted) = unwanted.flatten() {
            // tokio-postgres gets this error in place of what was asked, so it answers nothing.
            self.unwanted = Some(unwanted);
            return Err(io::Error::other(
                "the server asks for something that stitch-pg does not send",
            ));
        }
        self.method.get_or_insert(method);
        if number == 0 {
            self.authenticated = Some(Instant::now());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
