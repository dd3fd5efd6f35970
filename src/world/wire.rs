//! The byte stream to PostgreSQL, whatever carries it, tapped; and how it came about.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::world::failure::Stage;
use crate::world::login_observer::trace::LoginObserver;

/// What carries it: TCP, a Unix socket, or the end of a tunnel.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Debug + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Debug + Send + Sync + Unpin> Duplex for T {}

/// A stream to the server.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Box<dyn Duplex>,
    tap: LoginObserver,
    /// The layers below that were passed.
    pub(crate) stages: Vec<Stage>,
    /// Whether no machine in between can read what is sent: over a Unix socket, our end of the SSH tunnel, or this machine's own
    /// loopback address.
    pub(crate) is_private: bool,
    /// The operating system's user at the other end of a Unix socket.
    pub(crate) peer_user: Option<u32>,
    /// Who is at the other end of a TCP connection.
    pub(crate) peer: Option<SocketAddr>,
}

impl Wire {
    /// TCP, straight.
    pub(crate) fn tcp(stream: TcpStream, stages: Vec<Stage>) -> Self {
        let peer = stream.peer_addr().ok();
        Self {
            is_private: peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback()),
            peer_user: None,
            peer,
            stream: Box::new(stream),
            tap: LoginObserver::default(),
            stages,
        }
    }

    /// The server's Unix socket, or our end of a tunnel.
    pub(crate) fn unix(stream: UnixStream, stages: Vec<Stage>) -> Self {
        Self {
            is_private: true,
            peer_user: stream.peer_cred().ok().map(|peer| peer.uid()),
            peer: None,
            stream: Box::new(stream),
            tap: LoginObserver::default(),
            stages,
        }
    }

    /// The stream alone, for a server that may not be PostgreSQL.
    pub(crate) fn for_anybody(self) -> Box<dyn Duplex> {
        self.stream
    }

    pub(crate) fn tap(&self) -> LoginObserver {
        self.tap.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        wire.tap.read_wire(&mut wire.stream, context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
