//! What can be done while Stitch's form is filled in: copy its fields, open Stitch, read its pages.

use std::io;

use console::measure_text_width;

use super::answers::MenuAnswer;
use super::{Enter, Terminal, prompt};
use crate::console::output::{self, say};
use crate::console::style::Cursor;
use crate::visible;

impl Terminal {
    /// A question of yes or no below the form, whose fields can be copied there one after another, or by the beginning of
    /// a name. `open` opens a page.
    pub(crate) fn agrees_below_form(&self, question: &str, enter: Enter, open: fn(&str) -> io::Result<()>) -> bool {
        let (yes, no, alone) = enter.letters();
        let copies = self.look.cursor == Cursor::Moves;
        let copy = if copies { " / [c]opy" } else { "" };
        let prompt = self
            .look
            .fold("", 0, &format!("{question} {yes} / {no}{copy} / [o]pen Stitch:"));
        let mut next = (0..self.form.len()).cycle();
        loop {
            let answer = prompt::line(&prompt, None).trim().to_ascii_lowercase();
            let (letter, name) = answer.split_once(' ').unwrap_or((&answer, ""));
            match (MenuAnswer::of(letter, alone), letter) {
                (Some(MenuAnswer::Yes), _) => return true,
                (Some(MenuAnswer::No | MenuAnswer::Quit), _) => return false,
                (_, "o" | "open") => {
                    self.spell_pages();
                    // Without a desktop the addresses are all there is.
                    let _ = self.pages.first().map(|(_, url)| open(url));
                }
                (_, "c" | "copy") if copies => {
                    let mut fields = self.form.iter();
                    let named = fields.position(|(label, _)| label.to_ascii_lowercase().starts_with(name));
                    let at = if name.is_empty() { next.next() } else { named };
                    match at.and_then(|at| Some((self.form.get(at)?, self.form.get(at + 1)))) {
                        Some(((label, value), after)) => {
                            output::copy(value.reveal());
                            let after = after.map(|(label, _)| format!("; c again: {label}"));
                            let after = after.filter(|_| name.is_empty()).unwrap_or_default();
                            self.passed(&format!("{label}: sent to the clipboard of your terminal{after}"));
                        }
                        None => say("  ! There is no field of that name to copy."),
                    }
                }
                _ => say(&format!(
                    "  ! Please answer y, n{} or o.",
                    if copies { ", c" } else { "" }
                )),
            }
        }
    }

    /// The addresses of the pages, each whole.
    pub(super) fn spell_pages(&self) {
        for (label, url) in &self.pages {
            let line = format!("  {label}: {}", visible::one_line(url));
            let is_short = measure_text_width(&line) <= self.look.width();
            say(&if is_short { line } else { line.replacen(": ", ":\n", 1) });
        }
    }
}
