//! A script in a terminal, for a sudo or doas that insists on one: as with the built-in client.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::SshProgram;
use crate::secret::Secret;
use crate::world::ssh::exec::terminal::{Dialogue, Turn};
use crate::world::ssh::exec::{OUTPUT_MAX, Output};

impl SshProgram {
    /// `None`: a password was asked for, and there was none (or no other) to give.
    pub(crate) async fn run_in_terminal(
        &self,
        become_root: &str,
        password: Option<&Secret>,
        script: &Secret,
        limit: Duration,
    ) -> Result<Option<Output>> {
        let dialogue = Dialogue::new(become_root, password, script);
        let mut command = self.command();
        command.arg("-tt").args(&self.shared.client.destination);
        command.arg(&dialogue.command);
        let running = tokio::task::spawn_blocking(move || run(&mut command, dialogue, Instant::now() + limit));
        let ran = running.await.context("the thread of ssh ended")?;
        ran.with_context(|| format!("cannot run {become_root} in a terminal on {}", self.name))
    }
}

fn run(command: &mut Command, dialogue: Dialogue, deadline: Instant) -> Result<Option<Output>> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("ssh does not start")?;
    let outcome = talk(&mut child, dialogue, deadline);
    if !matches!(outcome, Ok(Some(_))) {
        let _ = child.kill();
        let _ = child.wait();
    }
    outcome
}

fn talk(child: &mut Child, mut dialogue: Dialogue, deadline: Instant) -> Result<Option<Output>> {
    // Kept open to the end: the terminal would hang up.
    let input = OwnedFd::from(child.stdin.take().context("no standard input")?);
    let mut output = child.stdout.take().context("no standard output")?;
    let (sender, heard_of) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut heard = Vec::new();
    loop {
        match heard_of.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(more) => heard.extend(more),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => bail!("it did not finish in time and was stopped"),
        }
        anyhow::ensure!(heard.len() <= OUTPUT_MAX, "it printed too much");
        let typed = match dialogue.turn(&heard) {
            Turn::Wait => continue,
            Turn::GiveUp => return Ok(None),
            Turn::Answer => dialogue.answer.clone(),
            Turn::Script => Some(dialogue.script.clone()),
        };
        if let Some(typed) = typed {
            let mut input = File::from(input.try_clone().context("cannot share ssh's input")?);
            // What prints while it reads is read here meanwhile.
            std::thread::spawn(move || drop(input.write_all(typed.reveal().as_bytes())));
        }
    }
    drop(input);
    let status = child.wait().context("stitch-pg cannot wait for ssh's end")?;
    match status.code() {
        Some(status) => Ok(Some(Dialogue::output(status, &heard))),
        None => bail!("ssh was killed ({status})"),
    }
}
