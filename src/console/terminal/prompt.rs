//! The kinds of question a terminal can put: a line, a hidden line; `lists` has those with choices.
//!
//! A line is read with the terminal's own editing, not with dialoguer's: that one answers the next question with the
//! rest of a key pasted over several lines, does not hear Ctrl-D, and draws over itself when an answer is longer than
//! the line.
//!
//! A question that is not answered (Ctrl-C, Ctrl-D, the terminal gone) does not return: it raises SIGINT, as Ctrl-C
//! does, and the program's one ear for signals ends the run. So no caller has to tell *stopped* from *failed*.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use console::Term;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use crate::console::output::{ask, say};

/// Whether a list has hidden the cursor.
pub(super) static CURSOR_HIDDEN: AtomicBool = AtomicBool::new(false);

/// What Esc sends, and other keys begin with.
const ESC: u8 = 0x1b;

/// A byte that came after Esc and belongs to the next answer.
static PUSHED_BACK: Mutex<Option<u8>> = Mutex::new(None);

/// How long a paste may pause between two of its lines.
const PASTE_PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// Asks for a line; empty when only Enter was pressed.
pub(super) fn line(prompt: &str, default: Option<&str>) -> String {
    put(prompt, default);
    read_line()
}

fn put(prompt: &str, default: Option<&str>) {
    ask(&format!("{prompt}{}{} ", brackets(default), colon(prompt)));
}

pub(super) fn brackets(default: Option<&str>) -> String {
    default.map_or_else(String::new, |default| format!(" [{default}]"))
}

/// The same; `None` where Esc or Left was pressed, which go back.
pub(super) fn line_or_back(prompt: &str, default: Option<&str>) -> Option<String> {
    let Ok(before) = tcgetattr(io::stdin()) else {
        return Some(line(prompt, default));
    };
    // The terminal's own editing goes on, and Esc ends a line as Enter does.
    let mut modes = before.clone();
    modes.special_codes[SpecialCodeIndex::VEOL] = ESC;
    let mut raw = before.clone();
    raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    let mut typed = String::new();
    let answer = loop {
        set(&modes);
        put(prompt, default);
        ask(&typed);
        typed.push_str(&read_until(&[b'\n', ESC]));
        if !typed.ends_with(char::from(ESC)) {
            break Some(typed);
        }
        typed.pop();
        set(&raw);
        let key = rest_of_key();
        say("");
        if key.is_none_or(|last| last == b'D') {
            break None;
        }
        // Another key is not for here; what was typed stays.
    };
    set(&before);
    answer
}

/// The last byte of what a key sent after Esc, which waits behind the line that was ended: `[` or `O`, and bytes up to a
/// letter or `~`. `None` for Esc itself: what comes after it, a paste for example, is the next answer.
fn rest_of_key() -> Option<u8> {
    let next = || {
        let mut byte = [0];
        let is_there = more_is_waiting() && matches!(rustix::io::read(io::stdin(), &mut byte), Ok(1));
        is_there.then_some(byte[0])
    };
    let first = next()?;
    if !matches!(first, b'[' | b'O') {
        *PUSHED_BACK.lock().unwrap_or_else(PoisonError::into_inner) = Some(first);
        return None;
    }
    std::iter::from_fn(next)
        .find(|byte| (b'@'..=b'~').contains(byte))
        .or(Some(first))
}

/// Takes the byte that came after Esc.
pub(super) fn pushed_back() -> Option<u8> {
    PUSHED_BACK.lock().unwrap_or_else(PoisonError::into_inner).take()
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
pub(super) fn without_echo<T>(question: impl FnOnce() -> T) -> T {
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

/// One line, without its end. Byte by byte, so that nothing is taken from the next question.
fn read_line() -> String {
    read_until(b"\n")
}

/// The same with other ends; Esc stays in what is read.
fn read_until(ends: &[u8]) -> String {
    let mut line = Vec::new();
    let mut first = pushed_back();
    loop {
        let mut byte = [first.unwrap_or_default()];
        let read = match first.take() {
            Some(_) => Ok(1),
            None => rustix::io::read(io::stdin(), &mut byte),
        };
        match read {
            Ok(1) if ends.contains(&byte[0]) => {
                line.extend((byte[0] == ESC).then_some(ESC));
                match String::from_utf8(std::mem::take(&mut line)) {
                    Ok(line) => return line,
                    Err(_) => ask("  ! That was not UTF-8. Type it again: "),
                }
            }
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
