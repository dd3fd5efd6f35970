//! A bar for changes that go object by object; the only file that names indicatif.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::change::Progress;
use crate::console::output::say;
use crate::console::render::{self, Pace};
use crate::console::style::{Cursor, Style, Symbols};

/// A bar, which is gone when this value is; or lines, where the cursor stays where it is.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    drawn: Option<ProgressBar>,
    pace: Pace,
}

impl Bar {
    pub(super) fn new(look: &Style) -> Self {
        let drawn = || {
            let bar = ProgressBar::no_length();
            let template = "  {bar:24} {pos}/{len} objects, {per_sec}, {eta} left{msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars(match look.symbols {
                    Symbols::Unicode => "━╸ ",
                    Symbols::Ascii => "=> ",
                }));
            }
            bar
        };
        Self {
            drawn: (look.cursor == Cursor::Moves).then(drawn),
            pace: Pace::begin(),
        }
    }

    pub(super) fn show(&mut self, progress: &Progress) {
        if let Some(bar) = &self.drawn {
            bar.set_length(progress.total as u64);
            bar.set_message(render::busy(progress));
            bar.set_position(progress.done as u64);
        } else if let Some(text) = self.pace.due(progress) {
            say(&format!("  {text}"));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.drawn {
            bar.finish_and_clear();
        }
    }
}

/// A sign that something takes its time, with the seconds it has taken; gone when this value is.
#[derive(Clone, Debug)]
pub(crate) struct Waiting(Option<ProgressBar>);

impl Waiting {
    pub(super) fn new(look: &Style, text: &str) -> Self {
        let drawn = (look.cursor == Cursor::Moves).then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style.tick_strings(&["|", "/", "-", "\\", " "]));
            }
            bar.set_message(crate::visible::one_line(text));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self(drawn)
    }

    /// Does something while it is out of the way.
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(bar) => bar.suspend(work),
            None => work(),
        }
    }

    pub(crate) fn end(self) {
        if let Some(bar) = self.0 {
            bar.finish_and_clear();
        }
    }
}
