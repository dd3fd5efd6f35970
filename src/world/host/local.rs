//! A command on this machine, with the same limits as one over SSH.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

use tokio::time::timeout;
use tokio::try_join;

use crate::secret::{self, Secret};
use crate::world::ssh::exec::{OUTPUT_MAX, Output, bounded};

/// Runs one line of shell with this input.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where this machine is the SSH server"
)]
pub(super) async fn run(words: &str, stdin: Secret, limit: Duration) -> Result<Output> {
    let mut command = Command::new("/bin/sh");
    secret::withheld_from(&mut command).args(["-c", words]);
    let finished = finish(command, stdin, limit, WhenLeft::Finishes).await;
    finished.with_context(|| format!("cannot run {words:?} on this machine"))
}

/// What becomes of a program when the run ends and no longer waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) enum WhenLeft {
    /// It makes a change, and ends by itself.
    Finishes,
    /// It may be at the mercy of a server that never ends.
    Killed,
}

/// Runs a program with this input.
pub(in crate::world) async fn finish(
    command: Command,
    stdin: Secret,
    limit: Duration,
    when_left: WhenLeft,
) -> Result<Output> {
    let mut child = tokio::process::Command::from(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(when_left == WhenLeft::Killed)
        .spawn()
        .context("the program does not start")?;
    let mut input = child.stdin.take().context("no standard input")?;
    let stdout = gathered(child.stdout.take().context("no standard output")?);
    let stderr = gathered(child.stderr.take().context("no standard error")?);
    let given = async move {
        // A command that ends early closes its input; its status says more than the broken pipe would.
        let _ = input.write_all(stdin.reveal().as_bytes()).await;
        Ok(())
    };
    let ended = async {
        let (stdout, stderr, ()) = try_join!(stdout, stderr, given)?;
        let status = child.wait().await.context("stitch-pg cannot wait for its end")?;
        Ok((stdout, stderr, status))
    };
    let ended = timeout(limit, Box::pin(ended)).await;
    let ended = ended.unwrap_or_else(|_| Err(anyhow!("it did not finish in time and was stopped")));
    if ended.is_err() {
        let _ = child.kill().await;
    }
    let (stdout, stderr, status) = ended?;
    match status.code() {
        Some(status) => Ok(Output { status, stdout, stderr }),
        None => bail!("it was killed ({status})"),
    }
}

async fn gathered(from: impl AsyncRead + Unpin) -> Result<String> {
    let mut text = Vec::new();
    let _ = from.take(OUTPUT_MAX as u64 + 1).read_to_end(&mut text).await;
    bounded(text.len())?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
