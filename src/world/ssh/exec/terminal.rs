//! The same in a terminal, for a sudo that insists on one and for a doas that takes a password from nothing else. What is
//! typed into it is not shown, and the script still comes on standard input.

use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ssh2::{PtyModeOpcode, PtyModes, Session};

use super::{Exchange, Output, UNTOLD, close, open};
use crate::secret::Secret;
use crate::shell::quoted;
use crate::world::ssh::Ssh;
use crate::world::ssh::layer::Plainly as _;

/// What sudo asks with, and what doas's question ends with.
const QUESTION: &str = "password: ";
/// The line behind which everything is the script's.
const BEGIN: &str = "stitch-pg: begin";
/// The line at which the script ends: a terminal has no other end.
const END: &str = "stitch-pg: end";

/// What goes on in the terminal: a question, its answer, the script, and what it prints.
pub(in crate::world) struct Dialogue {
    pub(in crate::world) command: String,
    /// The password, if there is one.
    answer: Option<Secret>,
    script: Secret,
    has_begun: Cell<bool>,
    questions: Cell<usize>,
}

/// What is to be done about what was heard.
pub(in crate::world) enum Turn<'a> {
    Wait,
    /// The password, or the script.
    Say(&'a Secret),
    /// It asks, and there is no answer, or no other one.
    GiveUp,
}

impl Dialogue {
    pub(in crate::world) fn new(become_root: &str, password: Option<&Secret>, script: &Secret) -> Self {
        // A shell whose input is a terminal would be interactive, so it gets a pipe.
        let feed = format!(
            "echo '{BEGIN}'; while IFS= read -r line && [ \"$line\" != '{END}' ]; do printf '%s\\n' \"$line\"; done | sh"
        );
        Self {
            command: format!("stty raw -echo; exec {become_root} sh -c {}", quoted(&feed)),
            answer: password.map(|password| Secret::new(format!("{}\n", password.reveal()))),
            script: Secret::new(format!("{}\n{END}\n", script.reveal())),
            has_begun: Cell::new(false),
            questions: Cell::new(0),
        }
    }

    /// `heard`: everything since the beginning.
    pub(in crate::world) fn turn(&self, heard: &[u8]) -> Turn<'_> {
        if self.has_begun.get() {
            return Turn::Wait;
        }
        let heard = String::from_utf8_lossy(heard);
        if heard.contains(BEGIN) {
            self.has_begun.set(true);
            return Turn::Say(&self.script);
        }
        let questions = self.questions.get();
        if heard.matches(QUESTION).count() <= questions {
            return Turn::Wait;
        }
        self.questions.set(questions + 1);
        match &self.answer {
            Some(answer) if questions == 0 => Turn::Say(answer),
            _ => Turn::GiveUp,
        }
    }

    /// A terminal has one output for both.
    pub(in crate::world) fn output(status: i32, heard: &[u8]) -> Output {
        let text = String::from_utf8_lossy(heard).replace("\r\n", "\n");
        let said = text
            .split_once(&format!("{BEGIN}\n"))
            .map_or(text.as_str(), |(_, said)| said);
        Output {
            status,
            stdout: said.to_owned(),
            stderr: said.to_owned(),
        }
    }
}

impl Ssh {
    /// Runs a script in a terminal as another user, by a command such as `doas`. `None`: a password was asked for, and
    /// there was none (or no other) to give.
    pub(crate) async fn run_in_terminal(
        &self,
        become_root: &str,
        password: Option<&Secret>,
        script: &Secret,
        limit: Duration,
    ) -> Result<Option<Output>> {
        let dialogue = Dialogue::new(become_root, password, script);
        let work = move |session: &Session, socket: &OwnedFd, deadline| run(session, socket, &dialogue, deadline);
        let what = format!("{become_root} in a terminal");
        self.on_a_thread(limit, &what, work).await
    }
}

fn run(session: &Session, socket: &OwnedFd, dialogue: &Dialogue, deadline: Instant) -> Result<Option<Output>> {
    let mut channel = open(session)?;
    let mut modes = PtyModes::new();
    modes.set_boolean(PtyModeOpcode::ECHO, false);
    channel
        .request_pty("dumb", Some(modes), None)
        .plainly()
        .context("the server gives no terminal")?;
    channel
        .exec(&dialogue.command)
        .plainly()
        .context("the server does not run commands")?;
    session.set_blocking(false);
    let mut talk = Exchange::default();
    while talk.exchange(&mut channel, (session, socket), deadline)? {
        match dialogue.turn(&talk.stdout) {
            Turn::Wait => {}
            Turn::Say(words) => talk.unsent = words.reveal().as_bytes(),
            Turn::GiveUp => {
                session.set_blocking(true);
                // It still waits for an answer; whatever becomes of it, nothing was run.
                let _ = channel.close();
                return Ok(None);
            }
        }
    }
    close(session, &mut channel)?;
    let status = channel.exit_status().context(UNTOLD)?;
    Ok(Some(Dialogue::output(status, &talk.stdout)))
}
