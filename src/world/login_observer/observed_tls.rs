//! The TLS layer of a connection, read from the inside.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use postgres_openssl::TlsConnector;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use super::trace::LoginObserver;
use crate::world::wire::Wire;

/// Makes the connector when the server has offered TLS.
pub(crate) type StartTls = Box<dyn FnOnce() -> anyhow::Result<TlsConnector> + Send>;

/// Makes the TLS layer, and notes when it stands.
pub(crate) struct ObservedTls {
    /// `None` where none is wanted.
    pub(crate) start: Option<StartTls>,
    pub(crate) tap: LoginObserver,
}

impl TlsConnect<Wire> for ObservedTls {
    type Stream = Decrypted;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Decrypted, Self::Error>> + Send>>;

    fn connect(self, wire: Wire) -> Self::Future {
        Box::pin(async move {
            let connector = self.start.ok_or("TLS was ruled out")?()?;
            let stream = connector.connect(wire).await?;
            self.tap.lock().encrypted = Some(Instant::now());
            Ok(Decrypted { stream, tap: self.tap })
        })
    }
}

/// The stream inside TLS.
pub(crate) struct Decrypted {
    stream: postgres_openssl::TlsStream<Wire>,
    tap: LoginObserver,
}

impl AsyncRead for Decrypted {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let tap = &this.tap;
        tap.read_through(&mut this.stream, context, buffer, |bytes| tap.decrypted(bytes))
    }
}

impl AsyncWrite for Decrypted {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl TlsStream for Decrypted {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}
