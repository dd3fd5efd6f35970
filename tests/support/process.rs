//! Starting processes, with a deadline on everything that waits for one.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

/// The deadline of a helper command, far more than any needs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Ordinary processes are started under the reader's lock, terminals under the writer's.
///
/// The terminal library opens descriptors that are not closed on exec. A process which another thread starts at
/// that moment inherits them, and the library then waits until that process, perhaps a server, ends.
pub(crate) static SPAWNING: RwLock<()> = RwLock::new(());

/// What a finished process left.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// The exit status; 128 + N for one ended by signal N; `None` when the deadline ended it.
    pub(crate) status: Option<i32>,
    /// The standard output, invalid UTF-8 replaced.
    pub(crate) stdout: String,
    /// The standard error, invalid UTF-8 replaced.
    pub(crate) stderr: String,
}

impl Output {
    /// Did it exit with status 0?
    pub(crate) fn success(&self) -> bool {
        self.status == Some(0)
    }
}

/// Starts a process.
#[track_caller]
pub(crate) fn spawn(command: &mut Command) -> Child {
    let _guard = SPAWNING.read().unwrap_or_else(PoisonError::into_inner);
    match command.spawn() {
        Ok(child) => child,
        Err(error) => panic!("cannot start {command:?}: {error}"),
    }
}

/// Runs a process to its end, or to the deadline, with `stdin` as its standard input.
#[track_caller]
pub(crate) fn finish(mut command: Command, stdin: &[u8], deadline: Duration) -> Output {
    command.stdin(if stdin.is_empty() {
        Stdio::null()
    } else {
        Stdio::piped()
    });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = spawn(&mut command);
    if let Some(mut pipe) = child.stdin.take() {
        let stdin = stdin.to_vec();
        // In a thread of its own: a program that reads nothing must not stop the test. Nor is it wrong of it.
        thread::spawn(move || drop(pipe.write_all(&stdin)));
    }
    let stdout = Collector::start(child.stdout.take());
    let stderr = Collector::start(child.stderr.take());
    let status = wait(&mut child, deadline);
    Output {
        status: status.map(exit_code),
        stdout: stdout.finish(),
        stderr: stderr.finish(),
    }
}

/// Runs a process that must succeed within [`DEADLINE`]; its standard output.
#[track_caller]
pub(crate) fn run(command: Command) -> String {
    let shown = format!("{command:?}");
    let output = finish(command, b"", DEADLINE);
    assert!(
        output.success(),
        "{shown}\nstatus {:?}\n--- stdout\n{}\n--- stderr\n{}",
        output.status,
        output.stdout,
        output.stderr
    );
    output.stdout
}

/// Waits for the end of a process; kills it at the deadline and answers `None`.
pub(crate) fn wait(child: &mut Child, deadline: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + deadline;
    let mut pause = Duration::from_micros(500);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= end {
            // Either fails only where the process is gone by now.
            drop(child.kill());
            drop(child.wait());
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// The exit status as a shell reports it.
pub(crate) fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Polls `ready` until it answers something or the deadline is over.
pub(crate) fn poll<T>(deadline: Duration, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(answer) = ready() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(Duration::from_millis(3));
    }
}

/// Reads a pipe in a thread.
struct Collector {
    text: Arc<Mutex<Vec<u8>>>,
    reader: thread::JoinHandle<()>,
}

impl Collector {
    fn start(pipe: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let Some(mut pipe) = pipe else { return };
            let mut chunk = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut chunk) {
                into.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&chunk[..length]);
            }
        });
        Self { text, reader }
    }

    /// What has come. A server that the process left behind may hold the pipe open: the wait is short.
    fn finish(self) -> String {
        poll(Duration::from_secs(1), || self.reader.is_finished().then_some(()));
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// A process that runs while the test does other things; killed when this value is dropped.
pub(crate) struct Running {
    /// The process; inside a world it is the `nsenter` around the program.
    pub(crate) child: Child,
    place: super::Place,
}

impl Running {
    /// Takes charge of a process that [`super::Place::command`] of that place made.
    pub(crate) fn new(child: Child, place: super::Place) -> Self {
        Self { child, place }
    }

    /// Sends the program a signal: `"TERM"`, `"INT"`.
    #[track_caller]
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.place.program_pid(self.child.id());
        let mut command = Command::new("bash");
        command.args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid.to_string()]);
        run(command);
    }

    /// The same to a program that has begun and may have ended by now.
    pub(crate) fn signal_if_there(&self, name: &str) {
        if let Some(pid) = self.place.running_pid(self.child.id()) {
            let mut command = Command::new("bash");
            command.args([
                "-c",
                "kill -s \"$1\" \"$2\" 2>/dev/null || :",
                "sh",
                name,
                &pid.to_string(),
            ]);
            run(command);
        }
    }

    /// Sends the program of this machine itself, [`super::Place::Here`], a signal, without a shell in between.
    #[track_caller]
    pub(crate) fn kill_with(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a number of a process"), signal).expect("the process is ours");
    }

    /// Reads its standard error until a line has come that holds `text`; what was read, or all of it where none comes.
    pub(crate) fn read_stderr_until(&mut self, text: &str) -> String {
        let mut read = Vec::new();
        let mut byte = [0];
        let stderr = self.child.stderr.as_mut().expect("a pipe");
        while stderr.read(&mut byte).expect("the pipe is open") == 1 {
            read.push(byte[0]);
            if byte[0] == b'\n' && String::from_utf8_lossy(&read).contains(text) {
                break;
            }
        }
        String::from_utf8_lossy(&read).into_owned()
    }

    /// Waits for its end, up to the deadline; its exit status and what it wrote.
    #[track_caller]
    pub(crate) fn finish(mut self, deadline: Duration) -> Output {
        drop(self.child.stdin.take());
        let stdout = Collector::start(self.child.stdout.take());
        let stderr = Collector::start(self.child.stderr.take());
        let status = wait(&mut self.child, deadline);
        Output {
            status: status.map(exit_code),
            stdout: stdout.finish(),
            stderr: stderr.finish(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        wait(&mut self.child, Duration::ZERO);
    }
}
