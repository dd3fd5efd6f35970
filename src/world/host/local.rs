//! A command on this machine, with the same limits as one over SSH.

use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::secret::{self, Secret};
use crate::world::ssh::exec::{OUTPUT_MAX, Output};

/// Runs one line of shell with this input.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where this machine is the SSH server"
)]
pub(super) async fn run(words: &str, stdin: Secret, limit: Duration) -> Result<Output> {
    let mut command = Command::new("/bin/sh");
    secret::withheld_from(&mut command).args(["-c", words]);
    let finished = finish(command, stdin, limit).await;
    finished.with_context(|| format!("cannot run {words:?} on this machine"))
}

/// Runs a program with this input.
pub(in crate::world) async fn finish(mut command: Command, stdin: Secret, limit: Duration) -> Result<Output> {
    tokio::task::spawn_blocking(move || run_and_wait(&mut command, stdin, Instant::now() + limit))
        .await
        .context("the thread of a local command ended")?
}

fn run_and_wait(command: &mut Command, stdin: Secret, deadline: Instant) -> Result<Output> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("the program does not start")?;
    let mut input = child.stdin.take().context("no standard input")?;
    // A command that ends early closes its input; its status tells more than the broken pipe would.
    thread::spawn(move || drop(input.write_all(stdin.reveal().as_bytes())));
    let stdout = gather(child.stdout.take().context("no standard output")?);
    let stderr = gather(child.stderr.take().context("no standard error")?);
    let stdout = finished(&mut child, &stdout, deadline)?;
    let stderr = finished(&mut child, &stderr, deadline)?;
    let status = child.wait().context("stitch-pg cannot wait for its end")?;
    match status.code() {
        Some(status) => Ok(Output { status, stdout, stderr }),
        None => bail!("it was killed ({status})"),
    }
}

fn gather(from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let limit = u64::try_from(OUTPUT_MAX).unwrap_or(u64::MAX);
        let _ = from.take(limit).read_to_end(&mut text);
        // Nobody waits any more when the deadline has passed.
        let _ = sender.send(text);
    });
    receiver
}

fn finished(child: &mut Child, output: &Receiver<Vec<u8>>, deadline: Instant) -> Result<String> {
    if let Ok(text) = output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        return Ok(String::from_utf8_lossy(&text).into_owned());
    }
    let _ = child.kill();
    let _ = child.wait();
    bail!("it did not finish in time and was stopped")
}
