//! The kinds of question a terminal can put: a line, a hidden line, one of several, some of several. The only file that
//! names dialoguer.
//!
//! A line is read with the terminal's own editing, not with dialoguer's: that one answers the next question with the
//! rest of a key pasted over several lines, does not hear Ctrl-D, and draws over itself when an answer is longer than
//! the line. Lists are dialoguer's, except on a terminal that cannot move its cursor.
//!
//! A question that is not answered (Ctrl-C, Ctrl-D, the terminal gone) does not return: it raises SIGINT, as Ctrl-C
//! does, and the program's one ear for signals ends the run. So no caller has to tell *stopped* from *failed*.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use console::{Term, truncate_str};
#[expect(clippy::disallowed_types, reason = "the one place where questions are asked")]
use dialoguer::{MultiSelect, Select, theme::Theme};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::console::output::{ask, say};
use crate::console::style::{Cursor, Style};
use crate::visible;

/// Whether a list has hidden the cursor.
static CURSOR_HIDDEN: AtomicBool = AtomicBool::new(false);

/// How long a paste may pause between two of its lines.
const PASTE_PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// Asks for a line; empty when only Enter was pressed.
pub(super) fn line(prompt: &str, default: Option<&str>) -> String {
    let brackets = default.map_or_else(String::new, |default| format!(" [{default}]"));
    ask(&format!("{prompt}{brackets}{} ", colon(prompt)));
    read_line()
}

/// What follows a question: a colon, unless it ends in a mark of its own.
pub(super) fn colon(prompt: &str) -> &'static str {
    if prompt.ends_with(['?', ':']) { "" } else { ":" }
}

/// Asks for a text that may be pasted over several lines: goes on reading until `complete` says so, or an empty line.
pub(super) fn lines(prompt: &str, started: fn(&str) -> bool, complete: fn(&str) -> bool) -> String {
    let mut text = line(prompt, None);
    while started(&text) && !complete(&text) {
        let next = read_line();
        if next.trim().is_empty() {
            break;
        }
        text = format!("{text}\n{next}");
    }
    // What is left of the paste is no answer to the next question.
    while more_is_waiting() {
        text = format!("{text}\n{}", read_line());
    }
    text
}

/// Asks for a line that is not shown.
pub(super) fn hidden(prompt: &str) -> String {
    let answer = without_echo(|| {
        ask(&format!("{prompt}{} ", colon(prompt)));
        read_line()
    });
    say("");
    answer
}

/// First the silence, then the question: an answer that comes at once, from a paste or a quick hand, would be shown
/// otherwise, be it a secret or a line feed in the middle of a list.
fn without_echo<T>(question: impl FnOnce() -> T) -> T {
    let before = tcgetattr(io::stdin()).ok();
    if let Some(modes) = &before {
        let mut silent = modes.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        set(&silent);
    }
    let answer = question();
    if let Some(modes) = &before {
        set(modes);
    }
    answer
}

/// One of several; its index.
pub(super) fn one_of(look: &Style, prompt: &str, choices: &[&str], first: Preselected) -> usize {
    if look.cursor == Cursor::Stays {
        return numbered(prompt, choices, first);
    }
    #[expect(clippy::disallowed_types, reason = "the one place where questions are asked")]
    let list = Select::with_theme(&Plain)
        .with_prompt(prompt)
        .items(choices.iter().map(|choice| visible::text(choice)))
        .report(false);
    let list = match first {
        Preselected::First => list.default(0),
        Preselected::Nothing => list,
    };
    CURSOR_HIDDEN.store(true, Ordering::SeqCst);
    let Ok(Some(chosen)) = without_echo(|| list.interact_opt()) else {
        stop()
    };
    CURSOR_HIDDEN.store(false, Ordering::SeqCst);
    say(&look.fold("", 2, &format!("{prompt}{} {}", colon(prompt), choices[chosen])));
    chosen
}

/// Whether Enter alone takes the first choice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Preselected {
    First,
    Nothing,
}

fn numbered(prompt: &str, choices: &[&str], first: Preselected) -> usize {
    for (index, choice) in choices.iter().enumerate() {
        say(&format!("  {}) {choice}", index + 1));
    }
    loop {
        let answer = line(prompt, (first == Preselected::First).then_some("1"));
        match answer.trim() {
            "" if first == Preselected::First => return 0,
            text => match text.parse::<usize>() {
                Ok(number) if (1..=choices.len()).contains(&number) => return number - 1,
                _ => say(&format!("  ! Please answer with a number from 1 to {}.", choices.len())),
            },
        }
    }
}

/// Some of several, each with whether it is ticked to begin with; their indices.
pub(super) fn some_of(look: &Style, prompt: &str, choices: &[(String, bool)]) -> Vec<usize> {
    if look.cursor == Cursor::Stays {
        return ticked_by_number(prompt, choices);
    }
    // A line that wraps would be drawn over only in part.
    let fitting = |text: &str| fitting(&visible::text(text), look.width.saturating_sub(8));
    #[expect(clippy::disallowed_types, reason = "the one place where questions are asked")]
    let list = MultiSelect::with_theme(&Plain)
        .with_prompt(prompt)
        .items_checked(choices.iter().map(|(text, ticked)| (fitting(text), *ticked)))
        .report(false);
    CURSOR_HIDDEN.store(true, Ordering::SeqCst);
    let Ok(Some(chosen)) = without_echo(|| list.interact_opt()) else {
        stop()
    };
    CURSOR_HIDDEN.store(false, Ordering::SeqCst);
    chosen
}

/// As much of a line as fits.
pub(super) fn fitting(text: &str, width: usize) -> String {
    truncate_str(text, width, "...").into_owned()
}

fn ticked_by_number(prompt: &str, choices: &[(String, bool)]) -> Vec<usize> {
    let numbers = |indices: &[usize]| indices.iter().map(|index| (index + 1).to_string()).collect::<Vec<_>>();
    let first: Vec<usize> = (0..choices.len()).filter(|index| choices[*index].1).collect();
    let default = if first.is_empty() {
        "none".to_owned()
    } else {
        numbers(&first).join(",")
    };
    for (index, (choice, _)) in choices.iter().enumerate() {
        say(&format!("  {}) {choice}", index + 1));
    }
    loop {
        let answer = line(&format!("{prompt} (numbers with commas, or none)"), Some(&default));
        match answer.trim() {
            "" => return first,
            "none" => return Vec::new(),
            text => {
                let read: Result<Vec<usize>, _> = text
                    .split([',', ' '])
                    .filter(|part| !part.is_empty())
                    .map(str::parse)
                    .collect();
                match read {
                    Ok(read) if read.iter().all(|number| (1..=choices.len()).contains(number)) => {
                        return read.into_iter().map(|number| number - 1).collect();
                    }
                    _ => say(&format!(
                        "  ! Please answer with numbers from 1 to {}, or none.",
                        choices.len()
                    )),
                }
            }
        }
    }
}

/// One line, without its end. Byte by byte, so that nothing is taken from the next question.
fn read_line() -> String {
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        match rustix::io::read(io::stdin(), &mut byte) {
            Ok(1) if byte[0] == b'\n' => match String::from_utf8(std::mem::take(&mut line)) {
                Ok(line) => return line,
                Err(_) => ask("  ! That was not UTF-8. Type it again: "),
            },
            Ok(1) => line.push(byte[0]),
            Err(rustix::io::Errno::INTR) => {}
            _ => {
                say("\nThe input has ended.");
                stop();
            }
        }
    }
}

fn more_is_waiting() -> bool {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    poll(&mut fds, Some(&PASTE_PAUSE)).is_ok_and(|ready| ready > 0) && fds[0].revents().contains(PollFlags::IN)
}

fn set(modes: &Termios) {
    // Where it fails there is no terminal any more.
    let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
}

/// Ends the run as Ctrl-C does. The thread waits until the program is gone.
pub(super) fn stop() -> ! {
    let _ = kill_process(getpid(), Signal::INT);
    loop {
        thread::park();
    }
}

/// How dialoguer draws: nothing but ASCII, and no colon after a question mark.
struct Plain;

impl Theme for Plain {
    fn format_prompt(&self, f: &mut dyn fmt::Write, prompt: &str) -> fmt::Result {
        write!(f, "{prompt}{}", colon(prompt))
    }
}

/// The terminal as it was when the program began: an interrupted question leaves it without echo or cursor.
pub(crate) struct SavedTerminal(Option<Termios>);

impl SavedTerminal {
    /// Remembers it; nothing where standard input is none.
    pub(crate) fn now() -> Self {
        Self(tcgetattr(io::stdin()).ok())
    }

    pub(crate) fn restore(&self) {
        let Self(Some(saved)) = self else { return };
        set(saved);
        if CURSOR_HIDDEN.swap(false, Ordering::SeqCst) {
            let _ = Term::stderr().show_cursor();
        }
    }
}
