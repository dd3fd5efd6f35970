//! A script in a terminal, for a sudo or doas that insists on one: as with the built-in client.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::SshProgram;
use crate::secret::Secret;
use crate::world::ssh::exec::terminal::{Dialogue, Turn};
use crate::world::ssh::exec::{Output, bounded};

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
        let ran = timeout(limit, talk(command, dialogue)).await;
        ran.unwrap_or_else(|_| Err(anyhow!("it did not finish in time and was stopped")))
            .with_context(|| format!("cannot run {become_root} in a terminal on {}", self.name))
    }
}

async fn talk(command: Command, dialogue: Dialogue) -> Result<Option<Output>> {
    let mut child = tokio::process::Command::from(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("ssh does not start")?;
    // Kept open to the end: the terminal would hang up.
    let mut input = child.stdin.take().context("no standard input")?;
    let mut output = child.stdout.take().context("no standard output")?;
    let (mut heard, mut unsent) = (Vec::new(), &[][..]);
    loop {
        tokio::select! {
            more = output.read_buf(&mut heard) => if matches!(more, Ok(0) | Err(_)) { break },
            sent = input.write(unsent), if !unsent.is_empty() => {
                unsent = sent.map_or(&[], |sent| &unsent[sent..]);
                continue;
            }
        }
        bounded(heard.len())?;
        match dialogue.turn(&heard) {
            Turn::Wait => {}
            Turn::GiveUp => return Ok(None),
            Turn::Say(words) => unsent = words.reveal().as_bytes(),
        }
    }
    drop(input);
    let status = child.wait().await.context("stitch-pg cannot wait for ssh's end")?;
    match status.code() {
        Some(status) => Ok(Some(Dialogue::output(status, &heard))),
        None => bail!("ssh was killed ({status})"),
    }
}
