//! Lists: one of several, some of several. The only file that names dialoguer.

use std::fmt;
use std::sync::atomic::Ordering;

use console::{Key, Term, truncate_str};
#[expect(clippy::disallowed_types, reason = "the one place where questions are asked")]
use dialoguer::{MultiSelect, theme::Theme};

use super::prompt::{CURSOR_HIDDEN, colon, line, pushed_back, stop, without_echo};
use crate::console::output::say;
use crate::console::style::{Cursor, Style};
use crate::visible;

/// One of several; its index. `None`: the question before.
pub(super) fn one_of(look: &Style, prompt: &str, choices: &[&str], first: Preselected) -> Option<usize> {
    if look.cursor == Cursor::Stays {
        return Some(numbered(prompt, choices, first));
    }
    CURSOR_HIDDEN.store(true, Ordering::SeqCst);
    let chosen = without_echo(|| list(look, prompt, choices, first));
    CURSOR_HIDDEN.store(false, Ordering::SeqCst);
    let _ = Term::stderr().show_cursor();
    if let Some(chosen) = chosen {
        say(&look.fold("", 2, &format!("{prompt}{} {}", colon(prompt), choices[chosen])));
    }
    chosen
}

/// Draws the list, as much of it as the screen holds, and moves in it.
fn list(look: &Style, prompt: &str, choices: &[&str], first: Preselected) -> Option<usize> {
    let term = Term::stderr();
    let _ = term.hide_cursor();
    let count = choices.len();
    // No key of this list.
    let _ = pushed_back();
    let mut at = (first == Preselected::First).then_some(0_usize);
    let mut is_told = false;
    loop {
        let room = usize::from(term.size().0).saturating_sub(2).clamp(1, count.max(1));
        let start = at.unwrap_or(0).saturating_sub(room - 1);
        say(&format!("{prompt}{}", colon(prompt)));
        for (index, choice) in choices.iter().enumerate().skip(start).take(room) {
            let mark = if at == Some(index) { '>' } else { ' ' };
            say(&fitting(&format!("{mark} {}", visible::text(choice)), look.width() - 1));
        }
        // What is drawn over the last words would hide them.
        let Ok(key) = term.read_key() else { stop() };
        let _ = term.clear_last_lines(room.min(count - start) + 1);
        match (key, at) {
            (Key::ArrowDown | Key::Tab | Key::Char('j'), _) => at = Some(at.map_or(0, |at| (at + 1) % count)),
            (Key::ArrowUp | Key::BackTab | Key::Char('k'), _) => {
                at = Some(at.map_or(count - 1, |at| (at + count - 1) % count));
            }
            (Key::Enter | Key::Char(' '), Some(at)) => return Some(at),
            (Key::Enter, None) if !is_told => {
                is_told = true;
                say("Choose with the arrow keys, then press Enter.");
            }
            (Key::Escape | Key::ArrowLeft, _) => return None,
            (Key::Char('q'), _) => stop(),
            _ => {}
        }
    }
}

/// Whether Enter alone takes the first choice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Preselected {
    First,
    Nothing,
}

fn numbered(prompt: &str, choices: &[&str], first: Preselected) -> usize {
    for (number, choice) in (1..).zip(choices) {
        say(&format!("  {number}) {choice}"));
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
    let fitting = |text: &str| fitting(&visible::text(text), look.width().saturating_sub(8));
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
    let default = match first.as_slice() {
        [] => "none".to_owned(),
        first => numbers(first).join(","),
    };
    for (number, (choice, _)) in (1..).zip(choices) {
        say(&format!("  {number}) {choice}"));
    }
    loop {
        let answer = line(&format!("{prompt} (numbers with commas, or none)"), Some(&default));
        match answer.trim() {
            "" => return first,
            "none" => return Vec::new(),
            text => {
                let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
                match parts.map(str::parse).collect::<Result<Vec<usize>, _>>() {
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

/// How dialoguer draws: nothing but ASCII, and no colon after a question mark.
struct Plain;

impl Theme for Plain {
    fn format_prompt(&self, f: &mut dyn fmt::Write, prompt: &str) -> fmt::Result {
        write!(f, "{prompt}{}", colon(prompt))
    }
}
