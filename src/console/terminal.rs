//! The voice for a person at a terminal: says each step, shows each command, asks. How questions are put is in
//! `prompt`, the only file that names dialoguer.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::ask::{Choice, Chosen};
use crate::change::{Action, Plan};
use crate::console::output::{self, say};
use crate::console::plain::Volume;
use crate::console::render::Detail;
use crate::console::style::Style;
use crate::console::{Approved, Console, Decision, Event, picture, render, sheet};
use crate::report::{Format, Outcome, Report, StepReport};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::step_id::StepId;
use crate::visible;
use bar::Bar;

mod asking;
mod bar;
mod prompt;

pub(crate) use prompt::SavedTerminal;

/// The voice at a terminal. Everything said on the way goes to stderr; stdout gets the connection sheet, or the JSON
/// report.
#[derive(Clone, Debug)]
pub(crate) struct Terminal {
    look: Style,
    approved: Approved,
    format: Format,
    /// `-v`, `-q`.
    volume: Volume,
    /// What was said of each step before the first change, which need not be said again.
    told: BTreeMap<StepId, String>,
    /// How far the change is that is being made.
    bar: Option<Bar>,
}

/// What a person may answer to "make these changes?".
#[derive(Clone, Copy, PartialEq, Eq)]
enum MenuAnswer {
    Yes,
    No,
    Explain,
    Script,
    Quit,
}

impl MenuAnswer {
    fn of(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" | "y" | "yes" => Some(Self::Yes),
            "n" | "no" => Some(Self::No),
            "e" | "explain" => Some(Self::Explain),
            "s" | "script" => Some(Self::Script),
            "q" | "quit" => Some(Self::Quit),
            _ => None,
        }
    }
}

const GREETING: &str = "\
It shows each exact command and asks before it changes anything.
Press Enter for the [default], < to go back, Ctrl-C to quit.";

const NOTHING_YET: &str = "Nothing has changed yet. You approve each step before it runs.";

impl Terminal {
    /// Speaks with this look.
    pub(crate) fn new(look: Style, approved: Approved, format: Format) -> Self {
        Self {
            look,
            approved,
            format,
            volume: Volume::Normal,
            told: BTreeMap::new(),
            bar: None,
        }
    }

    /// With `-v` or `-q`.
    pub(crate) fn with(mut self, volume: Volume) -> Self {
        self.volume = volume;
        self
    }

    fn detail(&self, normal: Detail) -> Detail {
        match self.volume {
            Volume::Verbose => Detail::Everything,
            Volume::Quiet => Detail::Problems,
            Volume::Normal | Volume::Result => normal,
        }
    }

    /// A step's end, unless it was told before and nothing is new.
    fn ended(&self, step: &StepReport) {
        let headline = render::headline(&self.look, step);
        let is_new = self.told.get(&step.step) != Some(&headline);
        match &step.outcome {
            // Its changes stand above.
            Outcome::Applied(_) | Outcome::Pending(_) => {
                let below = render::below(&self.look, step, Detail::Problems);
                say(&[vec![headline], below].concat().join("\n"));
            }
            _ if is_new => say(&render::step(&self.look, step, self.detail(Detail::Problems))),
            _ => {}
        }
    }

    /// Three lines before the first question.
    pub(crate) fn greet(&self) {
        say(&format!(
            "{}\n{}",
            self.look.bold(&self.look.fold(
                "",
                0,
                "stitch-pg makes a PostgreSQL server ready to be a Stitch destination."
            )),
            self.look.fold("", 0, GREETING),
        ));
    }

    fn explain(&self, why: &str, plan: &Plan) {
        let look = &self.look;
        say(&look.fold("  ", 2, why));
        for change in &plan.changes {
            say(&look.fold(
                "  - ",
                4,
                &format!("{}: {}", visible::one_line(&change.summary), change.why),
            ));
            let back = match &change.undo {
                Some(undo) => format!("To undo it: {}", first_lines(undo)),
                None => "There is no automatic undo for this change.".to_owned(),
            };
            say(&look.fold("    ", 6, &back));
        }
    }

    fn script(plan: &Plan) {
        for change in &plan.changes {
            say(&format!(
                "\n# {}\n{}",
                visible::one_line(&change.summary),
                change.action
            ));
        }
        say("");
    }
}

fn first_lines(action: &Action) -> String {
    let text = action.to_string();
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() > 3 {
        format!("{} ... ({} lines)", lines[0], lines.len())
    } else {
        lines.join(" ")
    }
}

impl Console for Terminal {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let look = &self.look;
        if let Event::Progress { progress } = event {
            self.bar.get_or_insert_with(|| Bar::new(look)).show(progress);
            return Ok(());
        }
        self.bar = None;
        match event {
            Event::Checking => say(&format!("\n{}", look.bold("Checking your server"))),
            Event::Checked { step } => {
                say(&render::step(look, step, self.detail(Detail::Problems)));
                self.told.insert(step.step, render::headline(look, step));
            }
            Event::AllChecked => say(&look.fold("", 0, NOTHING_YET)),
            Event::Opened { id, why, link } if self.volume == Volume::Verbose => {
                let heading = look.heading(&render::title(*id));
                say(&format!(
                    "\n{heading}\n{}\n  {}",
                    look.fold("  ", 2, why),
                    look.dim(link)
                ));
            }
            Event::Applying { change } => {
                // A change that takes long is announced before; the line is short-lived otherwise.
                if matches!(change.action, Action::Host(_) | Action::Ingress(_)) {
                    say(&look.fold("  ", 4, &format!("... to {}", visible::one_line(&change.summary))));
                }
            }
            Event::Applied { change, elapsed } if elapsed.as_secs() >= 10 => {
                say(&render::just_made(look, change, *elapsed));
            }
            Event::Ended { step } => self.ended(step),
            Event::Progress { .. } | Event::Opened { .. } | Event::Applied { .. } => {}
            Event::NotBegun { cannot } => say(&render::not_begun(look, cannot)),
            Event::NotExpected { difference } => say(&render::not_expected(difference)),
        }
        Ok(())
    }

    async fn decide(&mut self, id: StepId, why: &'static str, plan: &Plan) -> Result<Decision> {
        if self.approved == Approved::Yes {
            return Ok(Decision::Yes);
        }
        say(&format!("\n{}", render::planned(&self.look, id, plan)));
        let what = if plan.changes.len() == 1 {
            "Make this change?".to_owned()
        } else {
            format!("Make these {} changes?", plan.changes.len())
        };
        loop {
            let answers = format!("{what} [Y]es / [n]o / [e]xplain / [s]cript / [q]uit:");
            let prompt = self.look.fold("  ", 4, &answers);
            let answer = in_background(move || prompt::line(&prompt, None)).await?;
            match MenuAnswer::of(&answer) {
                Some(MenuAnswer::Yes) => return Ok(Decision::Yes),
                Some(MenuAnswer::No) => return Ok(Decision::No),
                Some(MenuAnswer::Quit) => return Ok(Decision::Quit),
                Some(MenuAnswer::Explain) => self.explain(why, plan),
                Some(MenuAnswer::Script) => Self::script(plan),
                None => say("  ! Please answer y, n, e, s or q."),
            }
        }
    }

    async fn choose(&mut self, choice: &Choice) -> Result<Chosen> {
        if choice.lines.is_empty() {
            say("  There is no schema to choose from.");
            return Ok(Chosen::default());
        }
        let items: Vec<(String, bool)> = choice
            .lines
            .iter()
            .map(|(name, described, ticked)| (format!("{name}: {described}"), *ticked))
            .collect();
        say(&format!(
            "\n{}",
            self.look.dim("  Space ticks, Enter goes on, q stops.")
        ));
        let (look, question) = (self.look.clone(), choice.question);
        let ticked = in_background(move || prompt::some_of(&look, question, &items)).await?;
        let chosen: Vec<String> = ticked
            .into_iter()
            .filter_map(|index| choice.lines.get(index))
            .map(|(name, ..)| name.clone())
            .collect();
        let names = if chosen.is_empty() {
            "none".to_owned()
        } else {
            chosen.join(", ")
        };
        say(&self
            .look
            .fold("  ", 4, &visible::one_line(&format!("{} {names}", choice.question))));
        Ok(Chosen(chosen))
    }

    fn show_once(&mut self, what: &str, secret: &Secret) -> Result<()> {
        say(&format!("\n  {what}, shown this once:\n\n      {}\n", secret.reveal()));
        Ok(())
    }

    fn finish(&mut self, report: &Report, settings: &Settings) -> Result<()> {
        match report.document(self.format, settings) {
            Some(document) => output::document(&document)?,
            None if report.came_through() => {
                if self.volume == Volume::Verbose {
                    output::show(&format!("\n{}", picture::text(&self.look, report, settings)))?;
                }
                output::show(&format!("\n{}", sheet::text(settings, report)))?;
            }
            None => {}
        }
        let open = render::left_for_others(&self.look, report);
        if !open.is_empty() {
            say(&format!("\n{}\n{}", self.look.bold("Left for you:"), open.join("\n")));
        }
        say(&format!("\n{}", self.look.fold("", 0, &render::last_line(report))));
        Ok(())
    }
}

/// Asks on another thread, so that Ctrl-C is heard while the question stands.
async fn in_background<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(ask)
        .await
        .context("the question was cut short")
}
