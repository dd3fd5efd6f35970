//! What a key should not be able to do, tried on a live session.

use anyhow::{Context as _, Result, bail};
use ssh2::{ErrorCode, Session};

use super::Ssh;
use super::layer::plain;
use crate::word::words;

words! {
    /// Something to be asked for.
    pub(crate) enum Capability {
        /// A terminal for a shell.
        Terminal = "a terminal",
        /// The caller's agent, for logins from there on.
        Agent = "agent forwarding",
        /// A connection to something that is not the database.
        OtherTarget = "a connection to a host other than the database",
    }
}

impl Ssh {
    /// Whether the server grants it. Nothing is run and no service is disturbed: a connection is tried to port 1 of the server
    /// itself.
    pub(crate) async fn grants(&self, wish: Capability) -> Result<bool> {
        let ssh = self.clone();
        tokio::task::spawn_blocking(move || is_allowed(ssh.session().0, wish))
            .await
            .context("the SSH thread ended")?
    }
}

#[expect(clippy::disallowed_methods, reason = "this session runs no commands")]
fn is_allowed(session: &Session, wish: Capability) -> Result<bool> {
    session.set_blocking(true);
    let outcome = match wish {
        Capability::OtherTarget => match session.channel_direct_tcpip("127.0.0.1", 1, None) {
            Ok(_) => Ok(()),
            Err(error) if error.message().contains("prohibited") => Err(error),
            // Nothing listens there; but the server tried to connect.
            Err(error) if error.code() == ErrorCode::Session(-21) => Ok(()),
            Err(error) => bail!(plain(&error).context("the server does not report whether it forwards")),
        },
        Capability::Terminal | Capability::Agent => match session.channel_session() {
            Ok(mut channel) => {
                let outcome = if wish == Capability::Terminal {
                    channel.request_pty("vt100", None, None)
                } else {
                    channel.request_auth_agent_forwarding()
                };
                let _ = channel.close();
                outcome
            }
            Err(error) => Err(error),
        },
    };
    Ok(outcome.is_ok())
}
