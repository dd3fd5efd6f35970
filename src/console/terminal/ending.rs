//! The end of a run: Stitch's form with the password, what is left to be done, and the last line; and what can be done while
//! the form is filled in: copy its fields, open Stitch, read its pages.

use std::io;

use anyhow::Result;
use console::measure_text_width;

use super::answers::MenuAnswer;
use super::{Enter, Terminal, prompt};
use crate::console::output::{self, say};
use crate::console::plain::Volume;
use crate::console::style::{Cursor, Links};
use crate::console::{picture, render, sheet};
use crate::finding::Verdict;
use crate::report::{Ending, Report};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::visible;

/// The command at the end of the last line of a run that is not ready.
const CHECK: &str = "stitch-pg check";

impl Terminal {
    pub(super) fn end(&mut self, report: &Report, settings: &Settings) -> Result<()> {
        let look = &self.look;
        match report.document(self.format, settings) {
            Some(document) => {
                output::document(&document)?;
                say(&format!("\nPassword: {}", sheet::for_logs(report)));
            }
            None if report.came_through() => {
                if self.volume == Volume::Verbose {
                    output::show(&format!("\n{}", picture::text(look, report, settings)))?;
                }
                let shown = self.password.take();
                let password = sheet::for_eyes(report, shown.as_ref());
                let (password, place) = password.unwrap_or((sheet::KEPT, String::new()));
                let form = sheet::form(settings, report, &format!("{password}{place}"));
                let form = form.lines().map(|line| {
                    let is_field = line.trim_start().contains("  ");
                    let lead = if line.starts_with(' ') { "  " } else { "" };
                    look.fold(lead, if is_field { 21 } else { 2 }, line.trim_start())
                });
                output::show(&format!("\n{}", form.collect::<Vec<_>>().join("\n")))?;
                self.pages = sheet::pages(settings);
                match look.links {
                    Links::Labelled => output::links(&self.pages),
                    Links::Spelled if self.volume == Volume::Verbose => self.spell_pages(),
                    Links::Spelled => {}
                }
                self.form = sheet::fields(settings, report, password)
                    .into_iter()
                    .filter(|(label, value)| !sheet::CHOSEN.contains(label) && value != sheet::KEPT)
                    .map(|(label, value)| (label, Secret::new(value)))
                    .collect();
            }
            None => {}
        }
        if let Some(secret) = &self.password {
            say(&format!("\nPassword of the Stitch role: {}", secret.reveal()));
        }
        // Problems stand above, unless the form is between.
        let problems = report.came_through().then(|| render::left(look, report, Verdict::Bad));
        let mut open = problems.unwrap_or_default();
        open.extend(render::left(look, report, Verdict::Unknown));
        if !open.is_empty() {
            say(&format!("\n{}\n{}", look.bold("Left for you:"), open.join("\n")));
        }
        let last = render::last_line(report);
        let (later, last) = match &self.later {
            // Nothing that was asked before has changed anything.
            _ if report.ending == Ending::Stopped && !self.began => (None, render::UNTOUCHED.to_owned()),
            Some(later) if last.ends_with(CHECK) => (None, last.replace(CHECK, later)),
            later => (later.as_ref().filter(|_| report.came_through()), last),
        };
        say(&later.map_or_else(String::new, |later| format!("{} {later}", look.bold("Later:"))));
        say(&look.fold("", 0, &last));
        Ok(())
    }

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
    fn spell_pages(&self) {
        for (label, url) in &self.pages {
            let line = format!("  {label}: {}", visible::one_line(url));
            let is_short = measure_text_width(&line) <= self.look.width();
            say(&if is_short { line } else { line.replacen(": ", ":\n", 1) });
        }
    }
}
