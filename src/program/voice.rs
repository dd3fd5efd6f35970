//! How the program speaks, in colours or not, and how it ends.

use anyhow::Result;
use console::Term;

use crate::cli::{Invocation, RunArgs};
use crate::console::plain::Volume;
use crate::console::style::Style;
use crate::console::terminal::Terminal;
use crate::console::{output, render};
use crate::report::Format;
use crate::settings::{Approval, Environment, file};
use crate::world;

/// The voice at a terminal.
pub(super) fn terminal(invocation: &Invocation, environment: &Environment, format: Format) -> Terminal {
    let run = &invocation.run;
    let look = look(invocation, environment, &Term::stderr());
    let mut voice = Terminal::new(look, approval(run), format);
    let pager = environment.surroundings.pager.clone();
    voice.pager = pager.map(|pager| (pager, world::paged as _));
    voice.volume = volume(run);
    voice.later = file::in_use(run.config.as_deref(), environment).map(|file| format!("stitch-pg check -c {file}"));
    voice
}

/// `--yes`.
pub(super) fn approval(run: &RunArgs) -> Approval {
    if run.yes { Approval::Given } else { Approval::Asked }
}

/// `-q`, `-v`.
pub(super) fn volume(run: &RunArgs) -> Volume {
    match (run.quiet, run.verbose) {
        (true, _) => Volume::Quiet,
        (false, 0) => Volume::Normal,
        (false, _) => Volume::Verbose,
    }
}

pub(super) fn look(invocation: &Invocation, environment: &Environment, term: &Term) -> Style {
    Style::of(term, invocation.run.color, &environment.surroundings)
}

/// Exit status of a run that was stopped (128 + SIGINT).
pub(super) const STOPPED: u8 = 130;
/// Exit status of a usage or settings error.
pub(super) const USAGE: u8 = 2;
pub(super) const FAILED: u8 = 1;
/// Exit status of a run whose change was refused.
pub(super) const PENDING: u8 = 3;
/// Exit status of a run after which something is left for you.
pub(super) const ATTENTION: u8 = 4;

pub(super) fn print(text: &str) -> Result<u8> {
    output::hand_over(text)?;
    Ok(0)
}

pub(super) fn stopped() -> u8 {
    // The question's line is still open.
    output::say(&format!("\n{}", render::UNTOUCHED));
    STOPPED
}
