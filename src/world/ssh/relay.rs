//! Between libssh2 and the network: every byte of the SSH server passes here, within a time and a number that we set. libssh2's own
//! time limit counts only while it waits. A server that never stops sending never lets it end: it reads any number of lines
//! before the greeting, and keeps every packet that was not asked for.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::net::sockopt::set_tcp_nodelay;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{sleep, sleep_until};

use super::TurnedAway;
use crate::platform;

/// libssh2 notices by itself, with a cause of its own, where it only waits; so it goes first.
const GRACE: Duration = Duration::from_secs(1);
/// A handshake or one try to log in takes some kilobytes.
pub(super) const LOGIN: u64 = 1 << 20;
/// So much may be on its way without having been of use.
pub(in crate::world) const SPARE: u64 = 8 << 20;

/// The bounds of one session, and what went beyond them.
#[derive(Clone, Default)]
pub(crate) struct Bounds(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<RelayState>,
    changed: Notify,
    over: Notify,
}

#[derive(Default)]
struct RelayState {
    until: Option<Instant>,
    limit: Duration,
    left: u64,
    exceeded: Option<Exceeded>,
    /// The server's first words.
    first: Vec<u8>,
}

/// A refusal in the greeting's place is in so many bytes.
const FIRST: usize = 256;

/// What a server did that none does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// It is still at it after so long.
    Time(Duration),
    /// It sent more than was asked for.
    Bytes,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(limit) => write!(f, "it did not finish within {} s", limit.as_secs()),
            Self::Bytes => f.write_str("it sends more data than an SSH server should"),
        }
    }
}

impl std::error::Error for Exceeded {}

impl Bounds {
    /// From now on the server has this long, and may send so much.
    pub(in crate::world) fn begin(&self, limit: Duration, bytes: u64) {
        let mut state = self.lock();
        state.until = Some(Instant::now() + limit + GRACE);
        state.limit = limit;
        state.left = bytes;
        drop(state);
        self.0.changed.notify_one();
    }

    /// Stops the time limit: the server is asked nothing, for example while you are.
    pub(in crate::world) fn pause(&self) {
        self.lock().until = None;
        self.0.changed.notify_one();
    }

    /// So much of what came was of use: a stream goes on as long as it is read.
    pub(in crate::world) fn used(&self, bytes: usize) {
        let mut state = self.lock();
        let earned = 4 * bytes as u64 + 256;
        state.left = state.left.saturating_add(earned).min(SPARE.max(state.left));
    }

    /// Whether a bound was exceeded, and the connection is closed.
    pub(in crate::world) fn are_exceeded(&self) -> bool {
        self.lock().exceeded.is_some()
    }

    /// The cause of an error, where it is these bounds.
    pub(in crate::world) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        match self.lock().exceeded {
            Some(exceeded) => exceeded.into(),
            None => error,
        }
    }

    /// Returns some time after a bound was exceeded: a caller that has not noticed by then waits for something else. It does not
    /// return while you are asked.
    pub(super) async fn exceeded(&self) -> Exceeded {
        loop {
            let noticed = self.0.over.notified();
            if !self.are_exceeded() {
                noticed.await;
            }
            sleep(GRACE).await;
            let state = self.lock();
            if let (Some(exceeded), true) = (state.exceeded, state.until.is_some()) {
                return exceeded;
            }
        }
    }

    /// Whether the server refuses in its greeting's place.
    pub(super) fn turned_away(&self) -> Option<TurnedAway> {
        TurnedAway::of(&String::from_utf8_lossy(&self.lock().first))
    }

    fn received(&self, words: &[u8]) -> Result<(), Exceeded> {
        let bytes = words.len();
        let mut state = self.lock();
        let room = FIRST.saturating_sub(state.first.len());
        state.first.extend_from_slice(&words[..bytes.min(room)]);
        let left = state.left.checked_sub(bytes as u64);
        state.left = left.unwrap_or_default();
        left.map(drop).ok_or(Exceeded::Bytes)
    }

    /// Returns when the time is over.
    async fn time_is_over(&self) -> Exceeded {
        loop {
            let changed = self.0.changed.notified();
            let (until, limit) = {
                let state = self.lock();
                (state.until, state.limit)
            };
            match until {
                Some(until) if until <= Instant::now() => return Exceeded::Time(limit),
                Some(until) => tokio::select! {
                    () = sleep_until(until.into()) => {}
                    () = changed => {}
                },
                None => changed.await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, RelayState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection to the server, whatever carries it.
pub(super) enum Peer {
    Tcp(std::net::TcpStream),
    /// Through another SSH server.
    Forwarded(OwnedFd),
}

/// Puts itself in between: the socket that is returned is libssh2's. On a thread of the runtime.
pub(super) fn between(peer: Peer, bounds: &Bounds) -> Result<OwnedFd> {
    let (ours, theirs) = StdUnixStream::pair().context("cannot create a pair of sockets")?;
    ours.set_nonblocking(true).context("cannot use the pair of sockets")?;
    let near = UnixStream::from_std(ours).context("cannot use the pair of sockets")?;
    let bounds = bounds.clone();
    match peer {
        Peer::Tcp(stream) => {
            // With Nagle's algorithm every small question waits 40 ms for the answer to the one before.
            set_tcp_nodelay(&stream, true).context("cannot set TCP_NODELAY")?;
            stream.set_nonblocking(true).context("cannot use the SSH connection")?;
            let stream = TcpStream::from_std(stream).context("cannot use the SSH connection")?;
            Handle::current().spawn(async move {
                let (from, to) = stream.into_split();
                // Linux delays acknowledgements again by itself; sshd up to 9.2 leaves Nagle on and would wait 40 ms for ours.
                let acknowledge = |from: &tokio::net::tcp::OwnedReadHalf| {
                    platform::acknowledge(AsRef::<TcpStream>::as_ref(from));
                };
                run(from, to, near, &bounds, acknowledge).await;
            });
        }
        Peer::Forwarded(stream) => {
            let stream = StdUnixStream::from(stream);
            stream.set_nonblocking(true).context("cannot use the SSH connection")?;
            let stream = UnixStream::from_std(stream).context("cannot use the SSH connection")?;
            Handle::current().spawn(async move {
                let (from, to) = stream.into_split();
                run(from, to, near, &bounds, |_| ()).await;
            });
        }
    }
    Ok(theirs.into())
}

/// Carries both directions until our side closes, the server's does, or a bound is exceeded.
async fn run<R: AsyncRead + Unpin>(
    from: R,
    mut to: impl AsyncWrite + Unpin,
    near: UnixStream,
    bounds: &Bounds,
    acknowledge: impl Fn(&R),
) {
    let (mut from_near, to_near) = near.into_split();
    let up = async {
        // What libssh2 does not hear of it sees as a connection that is closed.
        let _ = tokio::io::copy(&mut from_near, &mut to).await;
        let _ = to.shutdown().await;
    };
    let exceeded = tokio::select! {
        exceeded = down(from, to_near, bounds, acknowledge) => exceeded,
        () = up => None,
        exceeded = bounds.time_is_over() => Some(exceeded),
    };
    if exceeded.is_some() {
        bounds.lock().exceeded = exceeded;
        bounds.0.over.notify_waiters();
    }
}

/// The server's words. When it has ended, ours may still go on.
async fn down<R: AsyncRead + Unpin>(
    mut from: R,
    mut to_near: impl AsyncWrite + Unpin,
    bounds: &Bounds,
    acknowledge: impl Fn(&R),
) -> Option<Exceeded> {
    let carry = async {
        let mut buffer = vec![0; 32 * 1024];
        loop {
            let count = from.read(&mut buffer).await?;
            if count == 0 {
                return io::Result::Ok(None);
            }
            if let Err(exceeded) = bounds.received(&buffer[..count]) {
                return Ok(Some(exceeded));
            }
            acknowledge(&from);
            to_near.write_all(&buffer[..count]).await?;
        }
    };
    if let Ok(Some(exceeded)) = carry.await {
        return Some(exceeded);
    }
    let _ = to_near.shutdown().await;
    drop(to_near);
    std::future::pending().await
}
