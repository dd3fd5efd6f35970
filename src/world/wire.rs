//! The byte stream to PostgreSQL, whatever carries it, tapped; and how it came about.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::world::failure::Stage;
use crate::world::login_observer::trace::LoginObserver;

/// A stream to the server.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Stream,
    tap: LoginObserver,
    hearing: Hearing,
    /// The layers below that were passed.
    pub(crate) stages: Vec<Stage>,
}

/// Whether what comes is taken for PostgreSQL's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hearing {
    Tapped,
    /// Who speaks there is yet to be found out: any bytes will do.
    Open,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Wire {
    /// TCP, straight.
    pub(crate) fn tcp(stream: TcpStream, stages: Vec<Stage>) -> Self {
        Self::new(Stream::Tcp(stream), stages)
    }

    /// The server's Unix socket, or our end of a tunnel.
    pub(crate) fn unix(stream: UnixStream, stages: Vec<Stage>) -> Self {
        Self::new(Stream::Unix(stream), stages)
    }

    fn new(stream: Stream, stages: Vec<Stage>) -> Self {
        Self {
            stream,
            tap: LoginObserver::default(),
            hearing: Hearing::Tapped,
            stages,
        }
    }

    /// The same stream, for somebody who may not be PostgreSQL.
    pub(crate) fn for_anybody(self) -> Self {
        Self {
            hearing: Hearing::Open,
            ..self
        }
    }

    /// Whether what is sent can be read by nobody between: a Unix socket, our end of the SSH tunnel, or this machine's own
    /// loopback address.
    pub(crate) fn is_private(&self) -> bool {
        match &self.stream {
            Stream::Unix(_) => true,
            Stream::Tcp(stream) => stream
                .peer_addr()
                .is_ok_and(|peer| peer.ip().to_canonical().is_loopback()),
        }
    }

    /// The operating system's user at the other end of a Unix socket.
    pub(crate) fn peer_user(&self) -> Option<u32> {
        match &self.stream {
            Stream::Unix(stream) => Some(stream.peer_cred().ok()?.uid()),
            Stream::Tcp(_) => None,
        }
    }

    /// Who is at the other end of a TCP connection.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        match &self.stream {
            Stream::Unix(_) => None,
            Stream::Tcp(stream) => stream.peer_addr().ok(),
        }
    }

    pub(crate) fn tap(&self) -> LoginObserver {
        self.tap.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        match (&mut wire.stream, wire.hearing) {
            (Stream::Tcp(stream), Hearing::Tapped) => wire.tap.read_wire(stream, context, buffer),
            (Stream::Unix(stream), Hearing::Tapped) => wire.tap.read_wire(stream, context, buffer),
            (Stream::Tcp(stream), Hearing::Open) => Pin::new(stream).poll_read(context, buffer),
            (Stream::Unix(stream), Hearing::Open) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Stream::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
