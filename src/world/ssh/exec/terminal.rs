//! The same in a terminal, for a sudo that insists on one and for a doas that takes a password from nothing else. What is
//! typed into it is not shown, and the script still comes on standard input.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use ssh2::{PtyModeOpcode, PtyModes, Session};

use super::{ANSWER, Eof, Output, Progress, Talk, wait};
use crate::secret::Secret;
use crate::shell::quoted;
use crate::world::ssh::Ssh;
use crate::world::ssh::trouble::{Plainly as _, advise};

/// What sudo is told to ask with, and what doas's question ends with.
const QUESTION: &str = "password: ";
/// The line behind which everything is the script's.
const BEGIN: &str = "stitch-pg: begin";
/// The line at which the script ends: a terminal has no other end.
const END: &str = "stitch-pg: end";

impl Ssh {
    /// Runs a script in a terminal as somebody else, by a command such as `doas`. `None`: a password was asked for, and
    /// there was none (or no other) to give.
    pub(crate) async fn run_in_terminal(
        &self,
        become_root: &str,
        password: Option<&Secret>,
        script: &Secret,
        limit: Duration,
    ) -> Result<Option<Output>> {
        // A shell whose input is a terminal takes itself for a person's; so it gets a pipe.
        let feed = format!(
            "echo '{BEGIN}'; while IFS= read -r line && [ \"$line\" != '{END}' ]; do printf '%s\\n' \"$line\"; done | sh"
        );
        let command = format!("stty raw -echo; exec {become_root} sh -c {}", quoted(&feed));
        let typed = Secret::new(format!("{}\n{END}\n", script.reveal()));
        let answer = password.map(|password| Secret::new(format!("{}\n", password.reveal())));
        let ssh = self.clone();
        let running = tokio::task::spawn_blocking(move || {
            let (session, socket) = ssh.session();
            session.set_blocking(true);
            // The longest: a channel opened, a command begun, run and ended.
            ssh.bounds.begin(limit + 3 * ssh.timeout(), ANSWER);
            let outcome = run(
                session,
                socket,
                &command,
                answer.as_ref(),
                &typed,
                Instant::now() + limit,
            );
            session.set_blocking(true);
            ssh.bounds.pause();
            outcome.map_err(|error| ssh.bounds.explain(error))
        });
        let name = self.name();
        running
            .await
            .context("the SSH thread ended")?
            .with_context(|| format!("cannot run {become_root} in a terminal on {name}"))
            .map_err(advise)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where commands are run over SSH")]
fn run(
    session: &Session,
    socket: &OwnedFd,
    command: &str,
    answer: Option<&Secret>,
    script: &Secret,
    deadline: Instant,
) -> Result<Option<Output>> {
    let mut channel = session
        .channel_session()
        .plainly()
        .context("the server opens no session channel")?;
    let mut modes = PtyModes::new();
    modes.set_boolean(PtyModeOpcode::ECHO, false);
    channel
        .request_pty("dumb", Some(modes), None)
        .plainly()
        .context("the server gives no terminal")?;
    channel
        .exec(command)
        .plainly()
        .context("the server does not run commands")?;
    session.set_blocking(false);
    let mut talk = Talk {
        unsent: &[],
        eof: Eof::Sent,
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    let (mut answers, mut has_begun) = (answer.into_iter(), false);
    let mut questions = 0;
    loop {
        let progress = talk.step(&mut channel)?;
        if !has_begun {
            let heard = String::from_utf8_lossy(&talk.stdout);
            if heard.contains(BEGIN) {
                has_begun = true;
                talk.unsent = script.reveal().as_bytes();
            } else if heard.matches(QUESTION).count() > questions {
                questions += 1;
                if let Some(answer) = answers.next() {
                    talk.unsent = answer.reveal().as_bytes();
                } else {
                    session.set_blocking(true);
                    // It still waits for an answer; whatever becomes of it, nothing was run.
                    let _ = channel.close();
                    return Ok(None);
                }
            }
        }
        if progress == Progress::None && channel.eof() {
            break;
        }
        if Instant::now() >= deadline {
            bail!(talk.late());
        }
        if progress == Progress::Made {
            continue;
        }
        wait::for_session(session, socket, deadline)?;
    }
    session.set_blocking(true);
    channel
        .wait_close()
        .plainly()
        .context("the server does not close the channel")?;
    let status = channel.exit_status().context("the server does not say how it ended")?;
    let text = String::from_utf8_lossy(&talk.stdout).replace("\r\n", "\n");
    // A terminal has one output for both.
    let said = text
        .split_once(&format!("{BEGIN}\n"))
        .map_or(text.as_str(), |(_, said)| said);
    Ok(Some(Output {
        status,
        stdout: said.to_owned(),
        stderr: said.to_owned(),
    }))
}
