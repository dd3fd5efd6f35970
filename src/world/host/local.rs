//! A command on this machine, with the same limits as one over SSH.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::join;
use tokio::time::timeout;

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
    let finished = finish(command, stdin, limit, WhenLeft::Finishes).await;
    finished.with_context(|| format!("cannot run {words:?} on this machine"))
}

/// What becomes of a program when nobody waits for it any more, because the run was ended.
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
        // A command that ends early closes its input; its status tells more than the broken pipe would.
        let _ = input.write_all(stdin.reveal().as_bytes()).await;
    };
    let ended = async { (join!(stdout, stderr, given), child.wait().await) };
    let Ok(((stdout, stderr, ()), status)) = timeout(limit, Box::pin(ended)).await else {
        let _ = child.kill().await;
        bail!("it did not finish in time and was stopped");
    };
    let status = status.context("stitch-pg cannot wait for its end")?;
    match status.code() {
        Some(status) => Ok(Output { status, stdout, stderr }),
        None => bail!("it was killed ({status})"),
    }
}

async fn gathered(from: impl AsyncRead + Unpin) -> String {
    let mut text = Vec::new();
    let limit = u64::try_from(OUTPUT_MAX).unwrap_or(u64::MAX);
    let _ = from.take(limit).read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}
