//! How far a connection through an SSH server came: the layers below PostgreSQL's own, each with its code; and what ended
//! it, said plainly.

use std::fmt;

use anyhow::{Error, Result, anyhow};
use ssh2::ErrorCode;

use crate::finding::Code;
use crate::word::words;
use crate::world::failure::{Failure, Layer};

words! {
    /// What a connection through an SSH server has to pass, in this order.
    pub(crate) enum SshLayer {
        /// The server's name.
        Name = "SSH server's name",
        /// A TCP connection to it.
        Tcp = "TCP to the SSH server",
        /// It speaks SSH, and both sides know a key exchange.
        Banner = "SSH handshake",
        /// It is the server it should be.
        HostKey = "SSH host key",
        /// It lets the login in.
        Login = "SSH login",
        /// It is willing to forward.
        Forward = "SSH forwarding",
        /// It can reach the database itself.
        Target = "TCP from the SSH server",
    }
}

impl SshLayer {
    /// The code of a way that ends here.
    pub(crate) fn code(self) -> Code {
        match self {
            Self::Name => Code::TunnelName,
            Self::Tcp => Code::TunnelTcp,
            Self::Banner => Code::TunnelHandshake,
            Self::HostKey => Code::TunnelHostKey,
            Self::Login => Code::TunnelLogin,
            Self::Forward => Code::TunnelForward,
            Self::Target => Code::TunnelTarget,
        }
    }

    /// `by`: what gave the server's address.
    fn advice(self, by: &str) -> String {
        let fixed = match self {
            Self::Name => {
                return format!("check the spelling of {by}; a private name resolves only inside its network");
            }
            Self::Tcp => {
                return format!(
                    "check the host and port of {by}, that the SSH server runs, and the firewalls in between"
                );
            }
            Self::Banner => "check that the port is the SSH server's, and check its log",
            Self::HostKey => "first compare the fingerprint with the one on the server's console",
            Self::Login => {
                "check the findings of the step ssh-user; the SSH server's own log has the reason: journalctl -u ssh -u sshd, \
                 or /var/log/auth.log"
            }
            Self::Forward => "the step ssh-user shows which setting forbids it, and the lines that allow it",
            Self::Target => {
                "on the SSH server try: nc -vz HOST PORT; check the database's listen_addresses and the firewall \
                 between the two"
            }
        };
        fixed.to_owned()
    }
}

/// Says at which layer it ended.
pub(crate) trait At<T> {
    fn at(self, layer: SshLayer) -> Result<T>;

    /// The same of a server whose address was given by this.
    fn at_given(self, layer: SshLayer, by: &str) -> Result<T>;
}

impl<T> At<T> for Result<T> {
    fn at(self, layer: SshLayer) -> Self {
        self.at_given(layer, "--bastion")
    }

    fn at_given(self, layer: SshLayer, by: &str) -> Self {
        let by = by.to_owned();
        self.map_err(|cause| Ended { layer, by, cause }.into())
    }
}

/// The layer that an error remembers.
pub(crate) fn of(error: &anyhow::Error) -> Option<SshLayer> {
    error.downcast_ref::<Ended>().map(|ended| ended.layer)
}

/// Whether the server refuses for a while only.
pub(super) fn is_turned_away(error: &anyhow::Error) -> bool {
    let ended = error.downcast_ref::<Ended>();
    ended.is_some_and(|ended| ended.cause.is::<TurnedAway>())
}

/// The failure of a way through an SSH server, at the layer where it ended.
pub(crate) fn failure(error: &anyhow::Error) -> Failure {
    let ended = error.downcast_ref::<Ended>();
    let layer = ended.map(|ended| ended.layer);
    let failure = Failure {
        ssh: layer,
        ..Failure::new(
            Layer::Tunnel,
            layer.map_or(Code::LoginTunnel, SshLayer::code),
            format!("{error:#}"),
        )
    };
    match ended {
        Some(ended) if ended.cause.is::<NoAnswer>() => failure.advise(SILENT),
        Some(ended) => failure.advise(ended.layer.advice(&ended.by)),
        None => failure.advise(
            "stitch-pg check --only ssh-user shows problems of the SSH server and of Stitch's account there; setup fixes what it can",
        ),
    }
}

/// An error that remembers its layer and shows nothing of it.
#[derive(Debug)]
struct Ended {
    layer: SshLayer,
    by: String,
    cause: anyhow::Error,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.cause)
    }
}

impl std::error::Error for Ended {}

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

/// The server refuses all clients, or this address, for a while, in the place of its greeting.
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

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn a_layer_is_found_behind_other_words_and_not_shown() {
        let inner: Result<()> = Err(anyhow!("no").context("cannot ask"));
        let error = inner.at(SshLayer::HostKey).context("cannot log in").unwrap_err();
        assert_eq!(format!("{error:#}"), "cannot log in: cannot ask: no");
        let failure = failure(&error);
        assert_eq!((failure.ssh, failure.layer), (Some(SshLayer::HostKey), Layer::Tunnel));
        assert!(failure.advice.is_some());
    }
}
