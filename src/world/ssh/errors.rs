//! What libssh2's errors mean, in people's words.

use std::fmt;

use anyhow::{Error, Result, anyhow};
use ssh2::ErrorCode;

/// What to do about a server that does not answer.
pub(super) const SILENT: &str = "raise --timeout if it is only slow; check whether the SSH server is overloaded or a device in between holds the connection";

/// Nothing came within `--timeout`.
#[derive(Debug)]
pub(super) struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer in time")
    }
}

impl std::error::Error for NoAnswer {}

/// The server refuses everybody, or this address, for a while, in the place of its greeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) enum TurnedAway {
    /// OpenSSH from 9.8 on says the same for both causes.
    Penalty,
    Startups,
}

impl TurnedAway {
    pub(in crate::world) const ALL: [Self; 2] = [Self::Penalty, Self::Startups];

    /// By the server's words.
    pub(in crate::world) fn of(words: &str) -> Option<Self> {
        if words.contains("Not allowed at this time") {
            Some(Self::Penalty)
        } else {
            words.contains("Exceeded MaxStartups").then_some(Self::Startups)
        }
    }
}

impl fmt::Display for TurnedAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Penalty => {
                "it refuses this address for now, because logins from here failed (PerSourcePenalties) or too many log in at once (MaxStartups): wait a minute, and give the right key before you try again"
            }
            Self::Startups => "it accepts no more logins at the moment (MaxStartups): try again in a minute",
        })
    }
}

impl std::error::Error for TurnedAway {}

/// The same error, said plainly.
pub(in crate::world) fn plain(error: &ssh2::Error) -> Error {
    match error.code() {
        ErrorCode::Session(-9) => NoAnswer.into(),
        ErrorCode::Session(-13 | -43 | -7) => anyhow!("the connection broke"),
        ErrorCode::Session(-18) => anyhow!("refused"),
        _ => anyhow!("libssh2: {error}"),
    }
}

/// For whatever asks libssh2.
pub(super) trait Plainly<T> {
    fn plainly(self) -> Result<T>;
}

impl<T> Plainly<T> for Result<T, ssh2::Error> {
    fn plainly(self) -> Result<T> {
        self.map_err(|error| plain(&error))
    }
}

/// Adds what to do next where the server fell silent.
pub(super) fn advise(error: Error) -> Error {
    match error.downcast_ref::<NoAnswer>() {
        Some(_) => anyhow!("{error:#}\nnext: {SILENT}"),
        None => error,
    }
}
