//! A program in a terminal, as a user sees it. Every wait has a deadline.

use std::io::{ErrorKind, Write};
use std::process::Command;
use std::sync::PoisonError;
use std::thread;
use std::time::{Duration, Instant};

use expectrl::process::Termios;
use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;

use super::process;

/// A program in a terminal. Killed when this value is dropped.
pub(crate) struct Terminal {
    session: OsSession,
    raw: Vec<u8>,
    /// How much of the transcript earlier expectations have passed.
    seen: usize,
    deadline: Duration,
    closed: bool,
}

impl Terminal {
    /// Starts a command in a terminal of 80 columns; [`super::Program::terminal`] gives it another size, and an echo.
    #[track_caller]
    pub(crate) fn start(command: Command, deadline: Duration) -> Self {
        let shown = format!("{command:?}");
        let _guard = process::SPAWNING.write().unwrap_or_else(PoisonError::into_inner);
        let session = OsSession::spawn(command).unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
        Self {
            session,
            raw: Vec::new(),
            seen: 0,
            deadline,
            closed: false,
        }
    }

    /// The same for a command that reads a line and shows `mark` before it starts the program proper; the transcript begins
    /// there.
    #[track_caller]
    pub(crate) fn start_after(mark: &str, command: Command, deadline: Duration) -> Self {
        let mut terminal = Self::start(command, deadline);
        terminal.send("\n");
        terminal.expect(mark);
        let mark = mark.as_bytes();
        let at = terminal
            .raw
            .windows(mark.len())
            .position(|part| part == mark)
            .unwrap_or_default();
        terminal.raw.drain(..at + mark.len());
        terminal.seen = 0;
        terminal
    }

    /// Waits until this text has appeared after what earlier expectations found; answers what came before it.
    ///
    /// Searches the text without colours and cursor movements.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let end = Instant::now() + self.deadline;
        loop {
            let closed = !self.read();
            let transcript = self.transcript();
            // What was seen may shrink: a sequence of which only a part had come.
            let seen = transcript.get(self.seen..).unwrap_or_default();
            if let Some(at) = seen.find(text) {
                let before = seen[..at].to_owned();
                self.seen = (self.seen + at + text.len()).min(transcript.len());
                return before;
            }
            assert!(
                !closed && Instant::now() < end,
                "the terminal did not show {text:?} ({}); after what was expected before, it showed:\n{seen}\n--- all\n{transcript}",
                if closed { "the program ended" } else { "time is over" },
            );
            thread::sleep(Duration::from_millis(3));
        }
    }

    /// Waits until this text has appeared, or until the program is gone; whether the text came.
    pub(crate) fn expect_or_end(&mut self, text: &str) -> bool {
        let end = Instant::now() + self.deadline;
        loop {
            let closed = !self.read();
            if self.transcript().contains(text) {
                return true;
            }
            if closed || Instant::now() >= end {
                return false;
            }
            thread::sleep(Duration::from_millis(3));
        }
    }

    /// Types text.
    #[track_caller]
    pub(crate) fn send(&mut self, text: &str) {
        self.session
            .write_all(text.as_bytes())
            .and_then(|()| self.session.flush())
            .expect("the terminal is open");
    }

    /// Types a line: the text and Enter.
    #[track_caller]
    pub(crate) fn send_line(&mut self, text: &str) {
        self.send(&format!("{text}\r"));
    }

    /// Makes the terminal wider or narrower, as a user does with the window.
    #[track_caller]
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.session
            .get_process_mut()
            .set_window_size(columns, rows)
            .expect("the terminal is open");
    }

    /// Presses Ctrl-C.
    #[track_caller]
    pub(crate) fn send_ctrl_c(&mut self) {
        self.send("\u{3}");
    }

    /// Presses Ctrl-D.
    #[track_caller]
    pub(crate) fn send_ctrl_d(&mut self) {
        self.send("\u{4}");
    }

    /// Sends the program a signal, as `kill -NAME` does.
    #[track_caller]
    pub(crate) fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}"))
            .arg(self.session.get_process().pid().to_string());
        process::run(kill);
    }

    /// Waits for the program's end; its exit status, 128 + N for signal N.
    #[track_caller]
    pub(crate) fn wait_exit(&mut self) -> i32 {
        let end = Instant::now() + self.deadline;
        loop {
            self.read();
            match self.session.get_process().status() {
                Ok(WaitStatus::Exited(_, status)) => {
                    while self.read() && !self.closed {
                        thread::sleep(Duration::from_millis(3));
                        if Instant::now() >= end {
                            break; // a process that the program left behind holds the terminal open
                        }
                    }
                    return status;
                }
                Ok(WaitStatus::Signaled(_, signal, _)) => return 128 + signal as i32,
                Ok(_) => {}
                Err(error) => panic!("cannot wait for the program: {error}"),
            }
            assert!(
                Instant::now() < end,
                "the program did not end; the terminal shows:\n{}",
                self.transcript()
            );
            thread::sleep(Duration::from_millis(3));
        }
    }

    /// Does the terminal show what is typed? Passwords are to be typed with this off.
    pub(crate) fn echoes(&self) -> bool {
        self.session.is_echo().unwrap_or(false)
    }

    /// Everything shown so far, without colours and cursor movements; lines end with `\n`.
    pub(crate) fn transcript(&self) -> String {
        plain(&String::from_utf8_lossy(&self.raw))
    }

    /// Everything shown so far, as it came.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Reads what is there; `false` when the other end is closed.
    fn read(&mut self) -> bool {
        let mut chunk = [0; 4096];
        while !self.closed {
            match self.session.try_read(&mut chunk) {
                Ok(0) => self.closed = true,
                Ok(length) => self.raw.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                // A terminal whose last program has ended answers EIO.
                Err(_) => self.closed = true,
            }
        }
        false
    }
}

/// The text without escape sequences and carriage returns.
fn plain(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\u{1b}' => match rest.next() {
                // ESC [ parameters letter
                Some('[') => while rest.next().is_some_and(|char| !('@'..='~').contains(&char)) {},
                // ESC ] text, to BEL or ESC backslash
                Some(']') => {
                    while let Some(char) = rest.next() {
                        if char == '\u{7}' || (char == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                _ => {}
            },
            '\r' | '\u{7}' => {}
            _ => result.push(char),
        }
    }
    result
}
