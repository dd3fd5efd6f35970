//! One setup, disturbed at one message, and what has to hold afterwards; and many of them, several at a time.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::cut::scene::Scene;
use crate::support::process::{DEADLINE, poll, wait};
use crate::support::{Fault, Output, Side};

/// What happens to the run when so many messages have passed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Blow {
    /// To its connection.
    Cut(Fault),
    /// To itself, while nothing passes.
    Signal(Signal),
    /// To the server, which is started again at once, while nothing passes.
    Restart(Shutdown),
}

/// What is reported of an answer that does not come, of whatever layer: one of these. The seconds are those of a run with
/// `--timeout 1`: for an answer, and for a change in PostgreSQL.
const OF_SILENCE: [&str; 6] = [
    "within 1 s",
    "within 30 s",
    "in time",
    "timed out",
    "sent nothing",
    "stopped answering",
];

impl Blow {
    fn is_silence(self) -> bool {
        matches!(self, Self::Cut(Fault::Stall))
    }
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shutdown {
    /// Every connection is ended.
    Fast,
    /// As after a loss of power: it recovers when it starts.
    Immediate,
}

/// One run that is disturbed.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    pub(crate) side: Side,
    pub(crate) after: usize,
    pub(crate) blow: Blow,
    /// Whether the undo file is run as well.
    pub(crate) undone: bool,
}

/// The end states of a run that is not disturbed, and the number of its messages.
pub(crate) struct Goal {
    /// After the run, and after a second one.
    pub(crate) ready: String,
    /// After its undo file was run.
    pub(crate) undone: String,
    /// Messages of the client and of the server.
    pub(crate) messages: (usize, usize),
}

impl Goal {
    /// Runs it undisturbed.
    #[track_caller]
    pub(crate) fn of(scene: &dyn Scene) -> Self {
        scene.prepare();
        scene.proxy().reset();
        let output = scene.program().run();
        assert!(output.success(), "{output:#?}");
        let counts = scene.proxy().counts();
        let ready = scene.state();
        assert!(!ready.trim().is_empty());
        assert_eq!(scene.left(), "");
        scene.undo();
        let undone = scene.state();
        assert_ne!(ready, undone, "the undo file does something");
        Self {
            ready,
            undone,
            messages: (counts.client_messages, counts.server_messages),
        }
    }

    /// Every so many messages of a side, each with one of the blows in turn; or all of them, with every one.
    pub(crate) fn every(&self, step: usize, side: Side, blows: &[Blow]) -> Vec<Point> {
        let last = match side {
            Side::Client => self.messages.0,
            Side::Server => self.messages.1,
        };
        let point = |after, blow: &Blow| Point {
            side,
            after,
            blow: *blow,
            undone: false,
        };
        let rounds = match thoroughness().as_deref() {
            // Every place comes once before any comes twice.
            Some("all") => blows.len(),
            Some("each") => 1,
            _ => 0,
        };
        if rounds > 0 {
            let blow = |after: usize, round: usize| &blows[(after + round) % blows.len()];
            let points = (0..rounds).flat_map(|round| (1..=last).map(move |after| point(after, blow(after, round))));
            return points.collect();
        }
        let places = (1..=last).step_by(step);
        places
            .zip(blows.iter().cycle())
            .map(|(after, blow)| point(after, blow))
            .collect()
    }
}

/// `all`: all blows at every place, which takes an hour; `each`: every place once, with one of the blows in turn.
fn thoroughness() -> Option<String> {
    std::env::var("STITCH_PG_TEST_CUTS").ok()
}

/// At one of so many points the undo is run as well.
const UNDONE_EVERY: usize = 12;

/// Tries all points, each scene one at a time, and reports how many.
#[track_caller]
pub(crate) fn try_all(scenes: &[&dyn Scene], goal: &Goal, points: Vec<Point>) {
    let count = points.len();
    let points = points.into_iter().enumerate().map(|(number, point)| Point {
        undone: number % UNDONE_EVERY == 0,
        ..point
    });
    let queue: Mutex<VecDeque<Point>> = Mutex::new(points.collect());
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for scene in scenes {
            let (queue, wrong) = (&queue, &wrong);
            scope.spawn(move || {
                let next = || {
                    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                    if queue.len() % 100 == 0 {
                        println!("{} points to go", queue.len());
                    }
                    queue.pop_front()
                };
                while let Some(point) = next() {
                    if let Err(why) = point.try_on(*scene, goal) {
                        // At once, since all of them take long.
                        println!("{point}: {why}");
                        let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                        wrong.push(format!("{point}: {why}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{count} cut points, {} wrong", wrong.len());
    assert!(
        wrong.is_empty(),
        "{} of {count} points:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} after {} messages of the {:?}",
            self.blow, self.after, self.side
        )
    }
}

impl Point {
    fn try_on(self, scene: &dyn Scene, goal: &Goal) -> Result<(), String> {
        scene.prepare();
        let first = self.disturbed(scene)?;
        let again = scene.program().run();
        if again.status != Some(0) {
            return Err(format!("the second setup: {}\nafter {first}", brief(&again)));
        }
        let left = poll(DEADLINE, || scene.left().is_empty().then_some(()));
        if left.is_none() {
            return Err(format!("left behind: {}\nafter {first}", scene.left()));
        }
        same(&goal.ready, &scene.state()).map_err(|difference| format!("{difference}\nafter {first}"))?;
        if self.undone {
            scene.undo();
            same(&goal.undone, &scene.state()).map_err(|difference| format!("undone: {difference}\nafter {first}"))?;
        }
        Ok(())
    }

    /// The run that is disturbed; what it printed.
    fn disturbed(self, scene: &dyn Scene) -> Result<String, String> {
        let proxy = scene.proxy();
        proxy.reset();
        let fault = match self.blow {
            Blow::Cut(fault) => fault,
            Blow::Signal(_) | Blow::Restart(_) => Fault::Hold,
        };
        proxy.cut_after(self.side, self.after, fault);
        let program = match fault {
            // Whose answer does not come; a change is waited for thirty times as long.
            Fault::Stall => scene.program_within("1"),
            _ => scene.program(),
        };
        let mut run = program.start();
        if fault == Fault::Hold {
            let held = poll(DEADLINE, || {
                let ended = matches!(run.child.try_wait(), Ok(Some(_)));
                (proxy.holds() || ended).then_some(!ended)
            });
            match self.blow {
                Blow::Signal(signal) if held == Some(true) => {
                    scene.signal(&run, signal);
                    if signal == Signal::KILL {
                        wait(&mut run.child, Duration::from_secs(10));
                    }
                }
                Blow::Restart(how) => scene.restart(how),
                _ => {}
            }
            proxy.release();
        }
        let output = run.finish(Duration::from_secs(120));
        proxy.release();
        let expected: &[i32] = match self.blow {
            // What is cut may be a query that is not needed, or the last words.
            Blow::Cut(_) | Blow::Restart(_) => &[0, 1, 4],
            Blow::Signal(Signal::KILL) => &[137, 0],
            Blow::Signal(_) => &[130, 0],
        };
        let said = brief(&output);
        if self.blow.is_silence() && output.status != Some(0) && !OF_SILENCE.iter().any(|words| said.contains(words)) {
            return Err(format!("the disturbed run does not tell of a silence: {said}"));
        }
        match output.status {
            Some(status) if expected.contains(&status) => Ok(said),
            _ => Err(format!("the disturbed run: {}", brief(&output))),
        }
    }
}

/// The most useful parts: the status, what failed or is bad, and what was printed to stderr.
pub(crate) fn brief(output: &Output) -> String {
    let telling = ["\"error\": \"", "\"result\"", "\"verdict\": \"bad\""];
    let lines: Vec<&str> = output.stdout.lines().collect();
    let told = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| telling.iter().any(|word| line.contains(word)));
    let told = told.map(|(number, line)| format!("{line} {}", lines.get(number + 1).unwrap_or(&"")));
    let told: Vec<String> = told.collect();
    format!("status {:?}\n{}\n{}", output.status, told.join("\n"), output.stderr)
}

/// The lines that differ, if any do.
pub(crate) fn same(wanted: &str, found: &str) -> Result<(), String> {
    if wanted == found {
        return Ok(());
    }
    let lines = |a: &str, b: &str, sign: &str| -> Vec<String> {
        let there: Vec<&str> = b.lines().collect();
        let missing = a.lines().filter(|line| !there.contains(line));
        missing.map(|line| format!("{sign} {line}")).collect()
    };
    let mut difference = lines(wanted, found, "-");
    difference.extend(lines(found, wanted, "+"));
    Err(format!("another end state:\n{}", difference.join("\n")))
}
