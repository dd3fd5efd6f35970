//! One command on the server: its input is written, both its outputs are read in turns, and its end is distinguished from a kill.

use std::io::{self, Read, Write as _};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use ssh2::{Channel, ErrorCode, Session};

use super::layer::{Plainly as _, advise};
use super::{Ssh, wait};
use crate::secret::Secret;
use crate::shell::DONE;

pub(in crate::world) mod terminal;

/// More output than this is refused: no script of ours prints so much, and memory is not endless.
pub(crate) const OUTPUT_MAX: usize = 16 * 1024 * 1024;

/// Refuses a longer one.
pub(crate) fn bounded(length: usize) -> Result<()> {
    ensure!(length <= OUTPUT_MAX, "it printed more than 16 MiB");
    Ok(())
}

/// The same with the packets around it.
const ANSWER: u64 = OUTPUT_MAX as u64 + super::relay::SPARE;

/// What a command left behind.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// Its exit status.
    pub(crate) status: i32,
    /// Standard output, as text.
    pub(crate) stdout: String,
    /// Standard error, as text.
    pub(crate) stderr: String,
}

impl Ssh {
    /// Runs a command with this input. Ends with an error when the command is killed, or not done in time.
    pub(crate) async fn run(&self, command: &str, stdin: Secret, limit: Duration) -> Result<Output> {
        let words = command.to_owned();
        let work = move |session: &Session, socket: &OwnedFd, deadline| {
            run(session, socket, &words, stdin.reveal().as_bytes(), deadline)
        };
        self.on_a_thread(limit, &format!("{command:?}"), work).await
    }

    /// Work with a channel of its own, on a thread that may wait and within the session's bounds. `what` is run, in words.
    async fn on_a_thread<T: Send + 'static>(
        &self,
        limit: Duration,
        what: &str,
        work: impl FnOnce(&Session, &OwnedFd, Instant) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let ssh = self.clone();
        let running = tokio::task::spawn_blocking(move || {
            let (session, socket) = ssh.session();
            session.set_blocking(true);
            // The longest: a channel opened, a command begun, run and ended.
            ssh.bounds.begin(limit + 3 * ssh.door.timeout, ANSWER);
            let outcome = work(session, socket, Instant::now() + limit);
            session.set_blocking(true);
            ssh.bounds.pause();
            outcome.map_err(|error| ssh.bounds.explain(error))
        });
        let name = self.name();
        running
            .await
            .context("the SSH thread ended")?
            .with_context(|| format!("cannot run {what} on {name}"))
            .map_err(advise)
    }
}

fn run(session: &Session, socket: &OwnedFd, command: &str, stdin: &[u8], deadline: Instant) -> Result<Output> {
    let mut channel = open(session)?;
    channel
        .exec(command)
        .plainly()
        .context("the server does not run commands")?;
    session.set_blocking(false);
    let mut talk = Exchange {
        unsent: stdin,
        ends: true,
        ..Exchange::default()
    };
    while talk.exchange(&mut channel, (session, socket), deadline)? {}
    close(session, &mut channel)?;
    // Without a status, and for a command killed by a signal, exit_status() is 0: the signal is asked for first.
    let signal = channel.exit_signal().context(UNTOLD)?;
    if let Some(signal) = signal.exit_signal {
        bail!("it was killed by SIG{signal}");
    }
    Ok(Output {
        status: channel.exit_status().context(UNTOLD)?,
        stdout: String::from_utf8_lossy(&talk.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&talk.stderr).into_owned(),
    })
}

const UNTOLD: &str = "the server does not report how it ended";

#[expect(clippy::disallowed_methods, reason = "the one place where commands are run over SSH")]
fn open(session: &Session) -> Result<Channel> {
    // With MaxSessions 1 the server refuses a channel for a moment after the last one was closed.
    for _ in 0..20 {
        match session.channel_session() {
            Err(error) if error.code() == ErrorCode::Session(-21) => std::thread::sleep(Duration::from_millis(50)),
            channel => return channel.plainly().context("the server opens no session channel"),
        }
    }
    let channel = session.channel_session().plainly();
    channel.context("the server opens no session channel (MaxSessions)")
}

fn close(session: &Session, channel: &mut Channel) -> Result<()> {
    session.set_blocking(true);
    let closed = channel.wait_close().plainly();
    closed.context("the server does not close the channel")
}

#[derive(Default)]
struct Exchange<'a> {
    unsent: &'a [u8],
    /// Whether the end of the input is still to be sent.
    ends: bool,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Exchange<'_> {
    /// What is to be said when the time is over.
    fn late(&self) -> &'static str {
        if String::from_utf8_lossy(&self.stdout).trim_end().ends_with(DONE) {
            "it finished, but the channel stays open: the login shell leaves a process running, or the server stopped answering\nnext: check the login shell and its start-up files there for processes that keep running"
        } else {
            "it did not finish in time; it may still run there and wait for a lock or a name server\nnext: raise --timeout to wait longer, or log in there and check what `sh` does"
        }
    }

    /// One turn, and a wait where it moved nothing; false at the end.
    fn exchange(&mut self, channel: &mut Channel, at: (&Session, &OwnedFd), deadline: Instant) -> Result<bool> {
        let moved = self.step(channel)?;
        if !moved && channel.eof() {
            return Ok(false);
        }
        if Instant::now() >= deadline {
            bail!(self.late());
        }
        if !moved {
            wait::for_session(at.0, at.1, deadline)?;
        }
        Ok(true)
    }

    /// Moves what can be moved: both outputs share one window, so neither may be left full while the other is waited for.
    fn step(&mut self, channel: &mut Channel) -> Result<bool> {
        let mut moved = take(channel, &mut self.stdout)?;
        moved += take(&mut channel.stderr(), &mut self.stderr)?;
        bounded(self.stdout.len() + self.stderr.len())?;
        if !self.unsent.is_empty() {
            match channel.write(self.unsent) {
                Ok(sent) => {
                    self.unsent = &self.unsent[sent..];
                    moved += sent;
                }
                Err(error) if wait::would_block(&error) => {}
                // The command has closed its input, or is gone: its status will tell.
                Err(_) if channel.eof() => self.unsent = &[],
                Err(error) => return Err(error).context("the SSH connection broke while the input was sent"),
            }
        } else if self.ends {
            match channel.send_eof().map_err(io::Error::from) {
                Ok(()) => {
                    self.ends = false;
                    moved += 1;
                }
                Err(error) if wait::would_block(&error) => {}
                Err(_) if channel.eof() => self.ends = false,
                Err(error) => return Err(error).context("the SSH connection broke while the input was ended"),
            }
        }
        Ok(moved > 0)
    }
}

fn take(from: &mut impl Read, into: &mut Vec<u8>) -> Result<usize> {
    let mut buffer = [0; 16 * 1024];
    match from.read(&mut buffer) {
        Ok(count) => {
            into.extend_from_slice(&buffer[..count]);
            Ok(count)
        }
        Err(error) if wait::would_block(&error) => Ok(0),
        Err(error) => Err(error).context("the SSH connection broke while the output was read"),
    }
}
