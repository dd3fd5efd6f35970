//! The program under test, run in a clean environment.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::process::{self, Output};
use super::world::PATH;
use super::{Place, Terminal};

/// The program under test.
pub(crate) const STITCH_PG: &str = env!("CARGO_BIN_EXE_stitch-pg");

/// What a terminal shows when it is ready for the program.
const MARK: &str = "terminal-is-ready";

/// The program under test, at a place: `Place::Here`, `&world`, `&host` or `&postgres`.
pub(crate) fn stitch_pg(place: impl Into<Place>) -> Program {
    Program::new(STITCH_PG, place)
}

/// A program with its arguments. Of the environment it gets only what is set here: `PATH`, `HOME` (an empty folder
/// of this value's own; in a world the world's one), `LC_ALL`, `TERM`, `USER`, `RUST_BACKTRACE=0`.
pub(crate) struct Program {
    place: Place,
    executable: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    deadline: Duration,
    home: PathBuf,
    _temporary: Option<TempDir>,
}

impl Program {
    /// Any program.
    #[track_caller]
    pub(crate) fn new(program: impl AsRef<OsStr>, place: impl Into<Place>) -> Self {
        let place = place.into();
        let temporary = matches!(place, Place::Here).then(|| tempfile::tempdir().expect("a temporary folder"));
        let home = temporary
            .as_ref()
            .map_or_else(|| place.home(), |dir| dir.path().to_owned());
        let fixed = [
            ("PATH", PATH),
            ("LC_ALL", "C.UTF-8"),
            ("TERM", "xterm-256color"),
            ("USER", "ops"),
            ("RUST_BACKTRACE", "0"),
        ];
        Self {
            place,
            executable: program.as_ref().to_owned(),
            arguments: Vec::new(),
            environment: fixed.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            stdin: Vec::new(),
            deadline: process::DEADLINE,
            home,
            _temporary: temporary,
        }
    }

    /// One more argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// More arguments.
    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments
            .extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Leaves out a variable that would be set.
    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.environment.retain(|(set, _)| set != name);
        self
    }

    /// What its standard input holds; nothing by default.
    pub(crate) fn stdin(mut self, text: impl AsRef<[u8]>) -> Self {
        self.stdin = text.as_ref().into();
        self
    }

    /// Kills it after this time instead of a minute.
    pub(crate) fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Its home folder, as reached from the test's process.
    pub(crate) fn home(&self) -> PathBuf {
        self.place.outside(&self.home)
    }

    /// Runs it to its end. Fails the test at the deadline; says so if the status is another one than wanted.
    #[track_caller]
    pub(crate) fn run(&self) -> Output {
        let output = process::finish(self.command(), &self.stdin, self.deadline);
        assert!(
            output.status.is_some(),
            "{} {:?} did not end within {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.executable.to_string_lossy(),
            self.arguments,
            self.deadline,
            output.stdout,
            output.stderr
        );
        output
    }

    /// Starts it and lets it run; its output is not read, unless the caller takes the pipes.
    #[track_caller]
    pub(crate) fn start(&self) -> process::Running {
        let mut command = self.command();
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        process::Running::new(process::spawn(&mut command), self.place.clone())
    }

    /// Starts it in a terminal of that size.
    #[track_caller]
    pub(crate) fn terminal(&self, columns: u16, rows: u16) -> Terminal {
        // The terminal library sets a size and turns the echo off after the start, and what is set from here might come
        // after the program reads them. So the shell waits for a line first.
        let prepare = format!("read -r go; stty echo cols {columns} rows {rows}; printf '{MARK}'; exec \"$@\"");
        let mut words = vec![
            OsString::from("-c"),
            prepare.into(),
            "sh".into(),
            self.executable.clone(),
        ];
        words.extend(self.arguments.iter().cloned());
        Terminal::start_after(MARK, self.compose(OsStr::new("sh"), &words), self.deadline)
    }

    /// The command itself.
    pub(crate) fn command(&self) -> Command {
        self.compose(&self.executable, &self.arguments)
    }

    fn compose(&self, program: &OsStr, arguments: &[OsString]) -> Command {
        let mut command = self.place.command(program);
        command.args(arguments).env_clear().env("HOME", &self.home);
        if matches!(self.place, Place::Here) {
            command.current_dir(&self.home);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}
