//! One direction of a tunnel: a buffer, and whether its two ends are closed.

use std::io::{self, Read, Write};

use rustix::event::PollFlags;

use crate::world::ssh::wait::would_block;

const BUFFER: usize = 16 * 1024;

#[derive(Default)]
pub(super) struct CopyDirection {
    buffer: Vec<u8>,
    sent: usize,
    source_closed: bool,
    sink_closed: bool,
}

impl CopyDirection {
    /// Reads only when everything read before is written.
    pub(super) fn has_room(&self) -> bool {
        self.is_empty() && !self.source_closed
    }

    /// Whether that moved anything, the end of what comes included.
    pub(super) fn fill(&mut self, from: &mut impl Read) -> io::Result<bool> {
        let mut buffer = [0; BUFFER];
        match from.read(&mut buffer) {
            Ok(0) => self.source_closed = true,
            Ok(count) => {
                self.buffer.clear();
                self.buffer.extend_from_slice(&buffer[..count]);
                self.sent = 0;
            }
            Err(error) if would_block(&error) => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// After "would block" libssh2 must be given the same bytes again: they stay in the buffer.
    pub(super) fn drain(&mut self, into: &mut impl Write) -> io::Result<bool> {
        let mut moved = false;
        while !self.is_empty() {
            match into.write(&self.buffer[self.sent..]) {
                Ok(count) => {
                    self.sent += count;
                    moved = true;
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
        self.source_closed
    }

    pub(super) fn reopen(&mut self) {
        self.source_closed = false;
    }

    /// Everything is passed on and the end has not been.
    pub(super) fn must_close(&self) -> bool {
        self.source_closed && self.is_empty() && !self.sink_closed
    }

    pub(super) fn close(&mut self) {
        self.sink_closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sink_closed
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
