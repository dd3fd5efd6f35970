//! `COPY … FROM STDIN` by the simple protocol, as psql and loaders send it. tokio-postgres sends it by the extended one alone,
//! in which Pgpool-II falls silent. So the statement goes out as a simple query, the server's wish for rows is answered here,
//! and tokio-postgres sees a statement like any other.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Rows for the next COPY, and what has come since.
#[derive(Clone, Debug, Default)]
pub(super) struct CopyAnswer {
    /// `CopyData` and `CopyDone`, until the server wants them.
    frames: Vec<u8>,
    /// What of them is still to be written.
    due: Vec<u8>,
    /// The beginning of a message whose end has not come.
    held: Vec<u8>,
    /// Whole messages for tokio-postgres.
    passed: VecDeque<u8>,
    /// Nothing is held back any more.
    over: bool,
}

impl CopyAnswer {
    pub(super) fn new(rows: &[u8]) -> Self {
        let mut frames = vec![b'd'];
        let length = u32::try_from(rows.len() + 4).unwrap_or(u32::MAX);
        frames.extend(length.to_be_bytes());
        frames.extend(rows);
        frames.extend(b"c\0\0\0\x04");
        Self {
            frames,
            ..Self::default()
        }
    }

    /// Sorts what came: whole messages are passed on, but for the wish for rows, to which the answer becomes due.
    fn sort(&mut self, bytes: &[u8]) {
        self.held.extend(bytes);
        while let Some(head) = self.held.get(1..5) {
            let length = head.iter().fold(0, |sum: usize, byte| (sum << 8) | usize::from(*byte));
            if self.held.len() < length.saturating_add(1) {
                return;
            }
            let message: Vec<u8> = self.held.drain(..=length).collect();
            if message[0] == b'G' {
                self.due = std::mem::take(&mut self.frames);
            } else {
                self.passed.extend(message);
            }
        }
    }

    /// Nothing of it is left to be done.
    pub(super) fn is_done(&self) -> bool {
        self.over && self.passed.is_empty() && self.held.is_empty()
    }

    /// All answers have come.
    pub(super) fn end(&mut self) {
        self.over = true;
    }

    /// Reads what tokio-postgres is to see. `note`: what is made of the bytes as they come.
    pub(super) fn read<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        note: impl Fn(&[u8]) -> io::Result<()>,
    ) -> Poll<io::Result<()>> {
        loop {
            while !self.due.is_empty() {
                let written = ready!(Pin::new(&mut *stream).poll_write(context, &self.due))?;
                self.due.drain(..written);
                if self.due.is_empty() {
                    let _ = Pin::new(&mut *stream).poll_flush(context)?;
                }
            }
            if !self.passed.is_empty() {
                let count = self.passed.len().min(buffer.remaining());
                let part: Vec<u8> = self.passed.drain(..count).collect();
                buffer.put_slice(&part);
                return Poll::Ready(Ok(()));
            }
            let mut space = [0; 4096];
            let mut own = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut *stream).poll_read(context, &mut own))?;
            if own.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            note(own.filled())?;
            self.sort(own.filled());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wish_for_rows_is_answered_however_it_is_cut() {
        let before = b"C\0\0\0\x0aBEGIN\0Z\0\0\0\x05T";
        let wish = b"G\0\0\0\x09\0\0\x01\0\0";
        let behind = b"C\0\0\0\x0bCOPY 1\0Z\0\0\0\x05T";
        let all = [&before[..], wish, behind].concat();
        for size in 1..all.len() {
            let mut copy = CopyAnswer::new(b"1\n");
            all.chunks(size).for_each(|part| copy.sort(part));
            assert_eq!(copy.due, b"d\0\0\0\x061\nc\0\0\0\x04", "{size}");
            assert_eq!(copy.passed, [&before[..], behind].concat(), "{size}");
            assert!(copy.held.is_empty());
        }
    }

    #[test]
    fn a_refusal_wants_no_rows() {
        let mut copy = CopyAnswer::new(b"1\n");
        copy.sort(b"E\0\0\0\x05\0Z\0\0\0\x05E");
        assert!(copy.due.is_empty());
        assert_eq!(copy.passed.len(), 12);
    }
}
