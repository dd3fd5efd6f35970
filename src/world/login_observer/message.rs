//! The server's messages, by their heads alone.

use super::limits::{LONGEST_MESSAGE, LONGEST_WORDS, LimitExceeded};

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
    /// Takes one byte of a message's head; tells of each `R` and `K` message of the login its kind and its first number.
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
