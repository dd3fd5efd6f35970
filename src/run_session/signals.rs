//! Signals are heard in every state. The run itself hears them where it waits; where it cannot, since it computes or is in a call
//! that does not come back (a pipe without a writer, a reader that stopped reading), a thread of its own ends the program.

use std::io;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use crate::console::terminal::SavedTerminal;
use crate::console::{output, render};

/// Exit status of a run that was stopped (128 + SIGINT).
const STOPPED: i32 = 130;
/// The run hears a signal within this time, or is ended.
const HEARD: Duration = Duration::from_millis(700);
/// A run that heard it ends within this time after the signal: it stops the server or removes the temporary key, and reports.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(850);
/// So long may the throw-away servers of a demo take to end.
const CLEANED: Duration = Duration::from_secs(20);
/// How long the last message and the restored modes of the terminal may take. After that time the output counts as not read.
const SAID: Duration = Duration::from_millis(100);
/// What is promised: every signal ends the run within a second.
const _: () = assert!(LAST_WORDS.as_millis() + SAID.as_millis() < 1000 && HEARD.as_millis() < LAST_WORDS.as_millis());

/// Ctrl-C, `kill`, and a terminal that is closed.
pub(crate) struct Stop {
    signals: Signals,
    /// A file that grew as long as `ulimit -f` allows: the write fails and says so, where it would end the program.
    _file_size: Signal,
    terminal: SavedTerminal,
    state: Arc<RunState>,
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

/// What the run reports to the thread that watches over it.
#[derive(Default)]
struct RunState(AtomicU8);

/// The run has servers of its own to end.
const CLEANS_UP: u8 = 1;
/// The run has heard a signal.
const HAS_HEARD: u8 = 2;

impl RunState {
    fn has(&self, what: u8) -> bool {
        self.0.load(Ordering::SeqCst) & what != 0
    }

    fn note(&self, what: u8) {
        self.0.fetch_or(what, Ordering::SeqCst);
    }
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

impl Stop {
    /// Begins to listen, here and on a thread that nothing holds up. To be called within the runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        let state = Arc::new(RunState::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let watched = Arc::clone(&state);
        let (listens, is_listening) = mpsc::channel();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(watch(&watched, listens)))?;
        is_listening.recv().map_err(io::Error::other)??;
        Ok(Self {
            signals: Signals::listen()?,
            _file_size: signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?,
            terminal: SavedTerminal::now(),
            state,
        })
    }

    /// What work comes to that blocks, on a thread of its own so that signals are heard; `None` where one comes first.
    pub(crate) async fn unless_requested<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<Option<T>> {
        let work = tokio::task::spawn_blocking(work);
        tokio::select! {
            done = work => Ok(Some(done?)),
            () = self.requested() => Ok(None),
        }
    }

    /// Returns when the run is to end, with the terminal as it was before the question that stands open.
    pub(crate) async fn requested(&mut self) {
        self.signals.next().await;
        self.state.note(HAS_HEARD);
        self.terminal.restore();
    }

    /// The run has servers of its own, and gets the time to end them.
    pub(crate) fn cleans_up(&self) {
        self.state.note(CLEANS_UP);
    }
}

/// Waits for a signal, and ends the program when the run did not by itself, or when a second signal comes.
async fn watch(state: &RunState, listens: mpsc::Sender<io::Result<()>>) {
    let terminal = SavedTerminal::now();
    let listening = Signals::listen();
    let (mut signals, outcome) = match listening {
        Ok(signals) => (signals, Ok(())),
        Err(error) => {
            let _ = listens.send(Err(error));
            return;
        }
    };
    let _ = listens.send(outcome);
    signals.next().await;
    let patience = async {
        if state.has(CLEANS_UP) {
            return sleep(CLEANED).await;
        }
        sleep(HEARD).await;
        if state.has(HAS_HEARD) {
            sleep(LAST_WORDS.saturating_sub(HEARD)).await;
        }
    };
    tokio::select! {
        () = patience => {}
        () = signals.next() => {}
    }
    end(terminal)
}

/// Ends the program from outside the run.
fn end(terminal: SavedTerminal) -> ! {
    let (done, is_done) = mpsc::channel();
    // Both may wait: for the reader of the output, and for the lock of a run that waits for that reader.
    let _ = thread::Builder::new().spawn(move || {
        terminal.restore();
        output::say(&format!("\n{}", render::STOPPED));
        done.send(())
    });
    let _ = is_done.recv_timeout(SAID);
    exit(STOPPED)
}
