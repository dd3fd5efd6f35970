//! The same in a terminal, for a sudo that insists on one and for a doas that takes a password from nothing else. What is
//! typed into it is not shown, and the script still comes on standard input.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ssh2::{PtyModeOpcode, PtyModes, Session};

use super::{Exchange, Output, UNTOLD, close, open};
use crate::secret::Secret;
use crate::shell::quoted;
use crate::world::ssh::Ssh;
use crate::world::ssh::errors::Plainly as _;

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
        let work = move |session: &Session, socket: &OwnedFd, deadline| {
            run(session, socket, &command, answer.as_ref(), &typed, deadline)
        };
        let what = format!("{become_root} in a terminal");
        self.on_a_thread(limit, &what, work).await
    }
}

fn run(
    session: &Session,
    socket: &OwnedFd,
    command: &str,
    answer: Option<&Secret>,
    script: &Secret,
    deadline: Instant,
) -> Result<Option<Output>> {
    let mut channel = open(session)?;
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
    let mut talk = Exchange {
        unsent: &[],
        ends: false,
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    let (mut answers, mut has_begun) = (answer.into_iter(), false);
    let mut questions = 0;
    while talk.exchange(&mut channel, (session, socket), deadline)? {
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
    }
    close(session, &mut channel)?;
    let status = channel.exit_status().context(UNTOLD)?;
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
