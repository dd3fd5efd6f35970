//! The byte stream to PostgreSQL, whatever carries it, remembering the first byte that came back: after a TLS request it
//! is the server's answer, `S` or `N` (PostgreSQL docs 53.2.10).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// A stream to the server.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Stream,
    first_byte: FirstByte,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The first byte that came from the server; 0 before any did.
#[derive(Clone, Debug, Default)]
pub(crate) struct FirstByte(Arc<AtomicU8>);

impl FirstByte {
    pub(crate) fn is(&self, byte: u8) -> bool {
        self.0.load(Ordering::Relaxed) == byte
    }
}

impl Wire {
    /// TCP, straight.
    pub(crate) fn tcp(stream: TcpStream) -> Self {
        Self {
            stream: Stream::Tcp(stream),
            first_byte: FirstByte::default(),
        }
    }

    /// The server's Unix socket, or our end of a tunnel.
    pub(crate) fn unix(stream: UnixStream) -> Self {
        Self {
            stream: Stream::Unix(stream),
            first_byte: FirstByte::default(),
        }
    }

    pub(crate) fn first_byte(&self) -> FirstByte {
        self.first_byte.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let before = buffer.filled().len();
        let polled = match &mut wire.stream {
            Stream::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if let Some(byte) = buffer.filled().get(before) {
            // Only the first one is kept.
            let _ = wire
                .first_byte
                .0
                .compare_exchange(0, *byte, Ordering::Relaxed, Ordering::Relaxed);
        }
        polled
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
