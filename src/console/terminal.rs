//! The voice for a person at a terminal: says each step, shows each command, asks. How questions are put is in
//! `prompt`, the only file that names dialoguer.

use anyhow::{Context, Result};

use crate::ask::{Choice, Chosen};
use crate::change::{Action, Plan};
use crate::console::output::{self, say};
use crate::console::style::Style;
use crate::console::{Approved, Console, Decision, Event, picture, render, sheet};
use crate::finding::{Finding, Verdict};
use crate::report::{Format, Report};
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
    /// What was said last: steps that are left out one after another are told without blank lines between.
    last: Last,
    /// How far the change is that is being made.
    bar: Option<Bar>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Skipped,
    Other,
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
It looks first, shows each exact command and asks; it never drops anything.
Enter takes the [default], < goes back. Ctrl-C stops; run it again to go on.";

impl Terminal {
    /// Speaks with this look.
    pub(crate) fn new(look: Style, approved: Approved, format: Format) -> Self {
        Self {
            look,
            approved,
            format,
            last: Last::Other,
            bar: None,
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
                Some(undo) => format!("to take it back: {}", first_lines(undo)),
                None => "it is kept: stitch-pg never takes it back".to_owned(),
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
        let last = std::mem::replace(&mut self.last, Last::Other);
        if let Event::Progress { progress } = event {
            self.bar.get_or_insert_with(|| Bar::new(look)).show(progress);
            return Ok(());
        }
        self.bar = None;
        match event {
            Event::LookingAhead => say(&format!("\n{}", look.bold("What is there"))),
            Event::Looked { step } => say(&render::step_line(look, step)),
            Event::LookedAhead => say(&render::nothing_yet(look)),
            Event::Opened { id, why, link } => say(&format!(
                "\n{}\n{}\n  {}",
                look.heading(&render::title(*id)),
                look.fold("  ", 2, why),
                look.dim(link)
            )),
            Event::Planned { plan } => {
                let text = render::plan(look, plan);
                if !text.is_empty() {
                    say(&text);
                }
                if plan.changes.is_empty() {
                    say(&unchanged(look, &plan.findings));
                }
            }
            Event::Applying { change } => {
                // A change that takes long is announced before; the line is short-lived otherwise.
                if matches!(change.action, Action::Host(_) | Action::Ingress(_)) {
                    say(&look.fold("  ", 4, &format!("... to {}", visible::one_line(&change.summary))));
                }
            }
            Event::Applied { change, elapsed } => say(&render::just_made(look, change, *elapsed)),
            Event::LookedAgain { before, plan } => {
                let news: Vec<Finding> = plan
                    .findings
                    .iter()
                    .filter(|finding| !before.findings.contains(finding))
                    .cloned()
                    .collect();
                if !news.is_empty() {
                    say(&render::findings(look, &news));
                }
                if plan.changes.is_empty() {
                    say(&format!("  {} looked again: nothing left to change", look.done()));
                }
            }
            Event::Skipped { id, reason } => {
                self.last = Last::Skipped;
                if last == Last::Other {
                    say("");
                }
                let lead = format!("{}: ", look.bold(&render::title(*id)));
                say(&look.fold(&lead, 2, &format!("skipped, {}", visible::one_line(reason))));
            }
            Event::Progress { .. } => {}
            Event::NotBegun { cannot } => say(&render::not_begun(look, cannot)),
            Event::NotExpected { difference } => say(&render::not_expected(difference)),
            Event::Failed { error } => say(&render::failure(look, error)),
        }
        Ok(())
    }

    async fn decide(&mut self, _id: StepId, why: &'static str, plan: &Plan) -> Result<Decision> {
        if self.approved == Approved::Yes {
            return Ok(Decision::Yes);
        }
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
        say(&format!("\n{}", render::summary(&self.look, report)));
        match report.document(self.format, settings) {
            Some(document) => output::document(&document)?,
            None if report.came_through() => {
                output::show(&format!("\n{}", picture::text(&self.look, report, settings)))?;
                output::show(&format!("\n{}", sheet::text(settings, report)))?;
            }
            None => {}
        }
        say(&format!("\n{}", self.look.fold("", 0, &render::last_line(report))));
        Ok(())
    }
}

fn unchanged(look: &Style, findings: &[Finding]) -> String {
    if findings.iter().any(|finding| finding.verdict == Verdict::Bad) {
        let text = "nothing here for stitch-pg to change; what is wrong needs a person";
        look.fold("  ", 4, text)
    } else {
        format!("  {} nothing to change", look.done())
    }
}

/// Asks on another thread, so that Ctrl-C is heard while the question stands.
async fn in_background<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(ask)
        .await
        .context("the question was cut short")
}
