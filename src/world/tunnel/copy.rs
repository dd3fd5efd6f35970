//! One direction of a tunnel: a buffer, and whether its two ends are closed.

use std::io::{self, Read, Write};
use std::ops::BitOrAssign;

use rustix::event::PollFlags;

use crate::world::ssh::wait::would_block;

const BUFFER: usize = 16 * 1024;

/// Whether a turn moved anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    None,
    Some,
}

impl BitOrAssign for Moved {
    fn bitor_assign(&mut self, other: Self) {
        if other == Self::Some {
            *self = Self::Some;
        }
    }
}

#[derive(Default)]
pub(super) struct CopyDirection {
    buffer: Vec<u8>,
    sent: usize,
    source: CopyEnd,
    sink: CopyEnd,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum CopyEnd {
    #[default]
    Open,
    Closed,
}

impl CopyDirection {
    /// Reads only when everything read before is written.
    pub(super) fn has_room(&self) -> bool {
        self.is_empty() && self.source == CopyEnd::Open
    }

    pub(super) fn fill(&mut self, from: &mut impl Read) -> io::Result<Moved> {
        let mut buffer = [0; BUFFER];
        match from.read(&mut buffer) {
            Ok(0) => self.source = CopyEnd::Closed,
            Ok(count) => {
                self.buffer.clear();
                self.buffer.extend_from_slice(&buffer[..count]);
                self.sent = 0;
            }
            Err(error) if would_block(&error) => return Ok(Moved::None),
            Err(error) => return Err(error),
        }
        Ok(Moved::Some)
    }

    /// After "would block" libssh2 must be given the same bytes again: they stay in the buffer.
    pub(super) fn drain(&mut self, into: &mut impl Write) -> io::Result<Moved> {
        let mut moved = Moved::None;
        while !self.is_empty() {
            match into.write(&self.buffer[self.sent..]) {
                Ok(count) => {
                    self.sent += count;
                    moved = Moved::Some;
                }
                Err(error) if would_block(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(moved)
    }

    /// How much was read last.
    pub(super) fn length(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn ended(&self) -> bool {
        self.source == CopyEnd::Closed
    }

    pub(super) fn reopen(&mut self) {
        self.source = CopyEnd::Open;
    }

    /// Everything is passed on and the end has not been.
    pub(super) fn must_close(&self) -> bool {
        self.source == CopyEnd::Closed && self.is_empty() && self.sink == CopyEnd::Open
    }

    pub(super) fn close(&mut self) {
        self.sink = CopyEnd::Closed;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sink == CopyEnd::Closed
    }

    fn is_empty(&self) -> bool {
        self.sent >= self.buffer.len()
    }
}

/// What the near end is waited for: its words when there is room for them, its ear when there is something to say.
pub(super) fn wanted(up: &CopyDirection, down: &CopyDirection) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, up.has_room());
    flags.set(PollFlags::OUT, !down.is_empty());
    flags
}
