//! Waiting for a session that does not block: `poll` on its socket, never a spin and never without an end.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use ssh2::{BlockDirections, Session};

/// The longest single wait: a limit on what a lost wake-up could cost.
const LONGEST: Duration = Duration::from_secs(30);

/// Whether a call should be made again later.
pub(in crate::world) fn would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Waits until the session can go on, or the deadline has passed.
pub(in crate::world) fn for_session(session: &Session, socket: &OwnedFd, deadline: Instant) -> io::Result<()> {
    let mut fds = [PollFd::new(socket, directions(session))];
    wait(&mut fds, Some(deadline)).map(drop)
}

/// Waits until the session or the near end of a tunnel can go on. Returns whether the near end is closed in both directions: no
/// reader is left then.
pub(in crate::world) fn until_near_is_gone(
    session: &Session,
    socket: &OwnedFd,
    near: (&UnixStream, PollFlags),
) -> io::Result<bool> {
    let mut fds = [PollFd::new(socket, directions(session)), PollFd::new(near.0, near.1)];
    wait(&mut fds, None)?;
    Ok(fds[1].revents().intersects(PollFlags::HUP | PollFlags::ERR))
}

/// What the session waits for: it always wants to read, and to write when it says so.
fn directions(session: &Session) -> PollFlags {
    match session.block_directions() {
        BlockDirections::Outbound | BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
        BlockDirections::Inbound | BlockDirections::None => PollFlags::IN,
    }
}

fn wait(fds: &mut [PollFd<'_>], deadline: Option<Instant>) -> io::Result<usize> {
    loop {
        let left = deadline.map_or(LONGEST, |deadline| deadline.saturating_duration_since(Instant::now()));
        let left = Timespec::try_from(left.min(LONGEST)).map_err(io::Error::other)?;
        match poll(fds, Some(&left)) {
            Ok(ready) => return Ok(ready),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
