//! What no PostgreSQL server sends, and nobody has to keep.

use std::error::Error;
use std::{fmt, io};

/// A server says no more than this before it takes a login. tokio-postgres keeps all of it.
pub(super) const LONGEST_LOGIN: usize = 1 << 20;

/// No message is longer: tokio-postgres keeps a whole one before it hands it on. The catalog of 100,000 tables takes a
/// tenth of it.
pub(super) const LONGEST_MESSAGE: usize = 256 << 20;

/// More than any PostgreSQL server has reason to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    /// Before it takes the login.
    Login,
    /// A message that announces so many bytes.
    Message(usize),
}

impl Excess {
    /// Finds it among the causes of an error.
    pub(crate) fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match inner.and_then(|inner| inner.downcast_ref().copied()) {
            None => error.source().and_then(Self::behind),
            excess => excess,
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = |bytes: usize| bytes >> 20;
        match self {
            Self::Login => write!(
                f,
                "the server sends more than {} MB before it takes the login, which no PostgreSQL does",
                limit(LONGEST_LOGIN)
            ),
            Self::Message(length) => write!(
                f,
                "the server sends a message of {length} bytes, more than the {} MB that are taken, which no PostgreSQL does",
                limit(LONGEST_MESSAGE)
            ),
        }
    }
}

impl Error for Excess {}

impl From<Excess> for io::Error {
    fn from(excess: Excess) -> Self {
        Self::other(excess)
    }
}
