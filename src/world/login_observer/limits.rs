//! What no PostgreSQL server sends, and so need not be kept.

use std::error::Error;
use std::{fmt, io};

use crate::password::MOST_ITERATIONS;

/// A server says no more than this before it takes a login. tokio-postgres keeps all of it.
pub(super) const LONGEST_LOGIN: usize = 1 << 20;

/// No message is longer: tokio-postgres keeps a whole one before it hands it on. The catalog of 100,000 tables takes a
/// tenth of it.
pub(super) const LONGEST_MESSAGE: usize = 256 << 20;

/// An error or notice is no longer, and neither is all that a server says of its settings in one connection.
pub(super) const LONGEST_WORDS: usize = 1 << 20;

/// More than any PostgreSQL server has reason to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitExceeded {
    /// Before it takes the login.
    Login,
    /// A message that announces so many bytes.
    Message(usize),
    /// An answer of so many bytes, in many rows.
    Answer(usize),
    /// An error, a notice or settings of so many bytes.
    Words(usize),
    /// So many rounds of SCRAM.
    Rounds(u64),
}

impl LimitExceeded {
    /// Finds it among the causes of an error.
    pub(crate) fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match inner.and_then(|inner| inner.downcast_ref().copied()) {
            None => error.source().and_then(Self::behind),
            excess => excess,
        }
    }
}

/// The rounds that a challenge (RFC 5802: `r=NONCE,s=SALT,i=ROUNDS`) asks for, where they are too many.
pub(super) fn too_many_rounds(challenge: &[u8]) -> Option<u64> {
    let challenge = String::from_utf8_lossy(challenge);
    let asked = challenge.split(',').filter_map(|part| part.strip_prefix("i="));
    // What is no number is refused where the rounds are computed.
    let rounds = asked.filter(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()));
    let most = rounds.map(|digits| digits.parse().unwrap_or(u64::MAX)).max()?;
    (most > u64::from(MOST_ITERATIONS)).then_some(most)
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = |bytes: usize| bytes >> 20;
        match self {
            Self::Login => write!(
                f,
                "the server sends more than {} MB before the login, which PostgreSQL never does",
                limit(LONGEST_LOGIN)
            ),
            Self::Message(length) => write!(
                f,
                "the server sends a message of {length} bytes, more than the limit of {} MB; PostgreSQL never does that",
                limit(LONGEST_MESSAGE)
            ),
            Self::Answer(length) => write!(
                f,
                "the server answers with {length} bytes, more than the limit of {} MB",
                limit(LONGEST_MESSAGE)
            ),
            Self::Words(length) => write!(
                f,
                "the server sends errors, notices or settings of {length} bytes, more than the limit of {} MB; PostgreSQL never does that",
                limit(LONGEST_WORDS)
            ),
            Self::Rounds(rounds) => write!(
                f,
                "the server asks for {rounds} SCRAM rounds to prove the password, more than the limit of {MOST_ITERATIONS}"
            ),
        }
    }
}

impl Error for LimitExceeded {}

impl From<LimitExceeded> for io::Error {
    fn from(excess: LimitExceeded) -> Self {
        Self::other(excess)
    }
}

/// `AuthenticationSASLContinue`.
const CHALLENGE: i32 = 11;

/// Finds its way through the messages without keeping them, and sees to it that they come to an end.
#[derive(Clone, Debug, Default)]
pub(super) struct MessageReader {
    head: Vec<u8>,
    pub(super) skip: usize,
    pub(super) login: usize,
    pub(super) over: bool,
    /// The bytes of the rows since the last answer ended, and of all settings: tokio-postgres keeps both.
    rows: usize,
    settings: usize,
    pub(super) excess: Option<LimitExceeded>,
    /// The server's challenge (SCRAM's first message), while it is read.
    pub(super) challenge: Option<Vec<u8>>,
}

impl MessageReader {
    /// Takes one byte of a message's head; gives the kind and the first number of each `R` and `K` message of the login.
    pub(super) fn next(&mut self, byte: u8) -> Option<(u8, i32)> {
        self.head.push(byte);
        let kind = self.head[0];
        let numbered = matches!(kind, b'R' | b'K') && !self.over;
        let length = if numbered { 9 } else { 5 };
        if self.head.len() < length {
            return None;
        }
        let number = |at: usize| {
            self.head[at..at + 4]
                .iter()
                .fold(0, |sum: i32, byte| (sum << 8) | i32::from(*byte))
        };
        let told = numbered.then(|| (kind, number(5)));
        self.challenge = (told == Some((b'R', CHALLENGE))).then(Vec::new);
        // A message's length counts itself and not its kind.
        self.skip = usize::try_from(number(1))
            .unwrap_or_default()
            .saturating_sub(length - 1);
        self.over |= kind == b'Z';
        self.excess = self.too_much(kind);
        self.head.clear();
        told
    }

    /// Whether the message whose head was read goes beyond a bound.
    fn too_much(&mut self, kind: u8) -> Option<LimitExceeded> {
        let length = self.skip;
        match kind {
            _ if length > LONGEST_MESSAGE => return Some(LimitExceeded::Message(length)),
            b'E' | b'N' if length > LONGEST_WORDS => return Some(LimitExceeded::Words(length)),
            b'S' => self.settings = self.settings.saturating_add(length),
            b'D' => self.rows = self.rows.saturating_add(length),
            b'Z' => self.rows = 0,
            _ => {}
        }
        if self.settings > LONGEST_WORDS {
            return Some(LimitExceeded::Words(self.settings));
        }
        (self.rows > LONGEST_MESSAGE).then_some(LimitExceeded::Answer(self.rows))
    }
}
