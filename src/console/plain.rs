//! The voice for logs and CI: never asks, says progress on stderr and the result on stdout.

use std::sync::Arc;

use anyhow::{Result, bail};

use crate::ask::{Choice, Chooses, Chosen, Tell};
use crate::change::Plan;
use crate::command::Command;
use crate::console::render::{Detail, Pace};
use crate::console::style::Style;
use crate::console::{Console, Decision, Event, output, picture, render, sheet};
use crate::finding::Verdict;
use crate::report::{Format, Report};
use crate::secret::Secret;
use crate::settings::{Approval, Settings};
use crate::step_id::StepId;
use crate::visible;

/// How much is said on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Volume {
    /// Problems and the last line.
    Quiet,
    /// Nothing but the result.
    Result,
    /// Each change as it is made.
    Normal,
    /// Each step as it opens, too.
    Verbose,
}

#[derive(Debug)]
pub(crate) struct Plain {
    /// `--yes`.
    approved: Approval,
    /// `--format`.
    format: Format,
    /// `-q`, `-v`.
    volume: Volume,
    look: Style,
    /// Of the change that is being made.
    pace: Pace,
}

impl Plain {
    pub(crate) fn new(look: Style, approved: Approval, format: Format, volume: Volume) -> Self {
        Self {
            approved,
            format,
            volume,
            look,
            pace: Pace::begin(),
        }
    }

    /// Says it where that much is to be said. A closed standard error is no reason to stop in the middle of a change.
    fn say(&self, least: Volume, text: &str) {
        if self.volume >= least {
            output::say(text);
        }
    }
}

/// Says that a long wait goes on, as lines of a log.
pub(crate) fn tell(volume: Volume) -> Tell {
    Arc::new(move |text| {
        if volume >= Volume::Normal {
            output::say(&visible::one_line(text));
        }
    })
}

impl Console for Plain {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        match event {
            Event::Opened { id, .. } => self.say(Volume::Verbose, &format!("{}: checking", render::title(*id))),
            Event::Applying(change) => {
                self.pace = Pace::begin();
                let text = format!("applying: {}", visible::one_line(&change.summary));
                self.say(Volume::Normal, &text);
            }
            Event::Progress(progress) => {
                if let Some(text) = self.pace.due(progress) {
                    self.say(Volume::Normal, &text);
                }
            }
            Event::Applied(change, elapsed) => {
                let (elapsed, what) = (elapsed.as_millis(), visible::one_line(&change.summary));
                self.say(Volume::Verbose, &format!("done in {elapsed} ms: {what}"));
            }
            // Said even when quiet: the exit code alone would not tell it from a plan.
            Event::NotBegun(cannot) => output::say(&render::not_begun(&self.look, cannot)),
            Event::NotExpected(difference) => output::say(&render::not_expected(difference)),
            _ => {}
        }
        Ok(())
    }

    async fn decide(&mut self, _id: StepId, _why: &'static str, _plan: &Plan, _: Chooses) -> Result<Decision> {
        Ok(if self.approved == Approval::Given {
            Decision::Yes
        } else {
            Decision::No
        })
    }

    async fn choose(&mut self, choice: &Choice) -> Result<Chosen> {
        let question = choice.question;
        bail!("{question} There is no terminal to ask; give --schema NAME or --detect-schemas")
    }

    fn show_once(&mut self, what: &str, _secret: &Secret) -> Result<()> {
        bail!("{what} can only be shown on a terminal; give --password-file FILE")
    }

    fn finish(&mut self, report: &Report, settings: &Settings) -> Result<()> {
        if let Some(document) = report.document(self.format, settings) {
            return Ok(output::document(&document)?);
        }
        let detail = match self.volume {
            Volume::Quiet => Detail::Problems,
            Volume::Normal | Volume::Result if report.command == Command::Setup => Detail::Changes,
            Volume::Normal | Volume::Result => Detail::Open,
            Volume::Verbose => Detail::Everything,
        };
        if self.volume == Volume::Quiet {
            for step in &report.steps {
                if !render::below(&self.look, step, detail).is_empty() {
                    output::show(&render::step(&self.look, step, detail))?;
                }
            }
            return Ok(output::show(&self.look.fold("", 0, &render::last_line(report)))?);
        }
        for step in &report.steps {
            output::show(&render::step(&self.look, step, detail))?;
        }
        if report.came_through() && detail == Detail::Everything {
            output::show(&format!("\n{}", picture::text(&self.look, report, settings)))?;
        }
        let is_form_due = report.command == Command::Setup || detail == Detail::Everything;
        if report.came_through() && is_form_due && report.command != Command::Plan {
            let form = sheet::text(settings, report, &sheet::for_logs(report));
            output::show(&format!("\n{form}"))?;
        }
        let open = render::left(&self.look, report, Verdict::Unknown);
        if !open.is_empty() && detail == Detail::Changes {
            output::show(&format!("\nLeft for you:\n{}", open.join("\n")))?;
        }
        if let Some(approval) = render::approval(&self.look, report, settings) {
            output::show(&format!("\n{approval}"))?;
        }
        let last = self.look.fold("", 0, &render::last_line(report));
        Ok(output::show(&format!("\n{last}"))?)
    }
}
