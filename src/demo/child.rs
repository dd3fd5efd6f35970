//! A helper process that lives as long as the demo: it says `ready`, and goes when our end of its pipe closes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child as Process, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result, anyhow};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};
use tokio::sync::oneshot;

use crate::secret;

/// How long a tidy end may take before it is made an untidy one.
const TIDY: Duration = Duration::from_secs(5);

/// The process and its group. Dropping it ends them and waits for that, whatever the reason is for which the demo ends.
pub(super) struct Child {
    process: Process,
    pipe: Option<ChildStdin>,
    first_word: Option<oneshot::Receiver<Result<()>>>,
}

impl Child {
    /// Starts a shell script and writes `told` to its standard input.
    pub(super) fn start(mut command: Command, told: &str) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        secret::withheld_from(&mut command)
            // A group of its own: Ctrl-C on the terminal is for us alone, and its end is ours to order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let pipe = process.stdin.take();
        let (sender, first_word) = oneshot::channel();
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        let mut child = Self {
            process,
            pipe,
            first_word: Some(first_word),
        };
        thread::spawn(move || {
            let mut line = String::new();
            let said = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
            let word = match said {
                Some(Ok(1..)) if line.trim_end() == "ready" => Ok(()),
                _ => {
                    let mut why = String::new();
                    // What cannot be read is not known; the error then says less.
                    let _ = stderr.map(|stderr| stderr.take(1 << 16).read_to_string(&mut why));
                    Err(anyhow!("{}", why.trim_end()))
                }
            };
            // The receiver is gone when the demo was stopped meanwhile.
            drop(sender.send(word));
        });
        if let Some(pipe) = &mut child.pipe {
            pipe.write_all(told.as_bytes()).context("cannot start the helper")?;
        }
        Ok(child)
    }

    /// Waits until it says that it is ready; the error is what it complained of.
    pub(super) async fn ready(&mut self) -> Result<()> {
        if let Some(word) = &mut self.first_word {
            word.await.unwrap_or_else(|gone| Err(Error::new(gone)))?;
            self.first_word = None;
        }
        Ok(())
    }

    fn group(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    fn signal(&self, signal: Signal) {
        // It may be gone already.
        let _ = kill_process_group(self.group(), signal);
    }

    /// Whether the process and all others of its group have ended: a shell may end before the server that it started.
    fn has_ended(&mut self) -> bool {
        let ended = !matches!(self.process.try_wait(), Ok(None));
        ended && test_kill_process_group(self.group()) == Err(Errno::SRCH)
    }

    fn ended_within(&mut self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        while !self.has_ended() {
            if Instant::now() >= end {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.pipe.take());
        if self.first_word.is_some() {
            // In the middle of its preparations it does not read the pipe. The programs that it has started are not
            // signalled: initdb leaves shared memory behind when it is cut short.
            let _ = kill_process(self.group(), Signal::TERM);
        }
        for signal in [Signal::QUIT, Signal::KILL] {
            if self.ended_within(TIDY) {
                return;
            }
            self.signal(signal);
        }
        self.ended_within(TIDY);
    }
}
