//! The voice at a terminal: says each step, shows each command, asks. How questions are put is in `prompt` and `lists`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use anyhow::{Context, Result};
use console::Term;

use crate::ask::{Choice, Chooses, Chosen};
use crate::change::{Action, Change, Plan};
use crate::console::output::say;
use crate::console::plain::Volume;
use crate::console::render::Detail;
use crate::console::style::{Cursor, Style};
use crate::console::{Console, Decision, Event, render};
use crate::report::{Format, Outcome, Report, StepReport};
use crate::secret::Secret;
use crate::settings::{Approval, Settings};
use crate::step_id::StepId;
use crate::visible;
use answers::{MenuAnswer, explain, script, write};
use bar::Bar;

mod answers;
mod asking;
mod bar;
mod ending;
mod lists;
mod prompt;

pub(crate) use asking::Review;
pub(crate) use prompt::SavedTerminal;

/// The voice at a terminal. Everything said on the way goes to stderr; stdout gets the connection sheet, or the JSON
/// report.
#[derive(Clone, Debug)]
pub(crate) struct Terminal {
    look: Style,
    approved: Approval,
    format: Format,
    /// `-v`, `-q`.
    pub(crate) volume: Volume,
    /// What was said of each step before the first change, which need not be said again.
    told: BTreeMap<StepId, String>,
    /// The changes that were shown before the first one, and so may be approved together.
    foreseen: BTreeMap<StepId, Vec<String>>,
    /// Whether those were approved.
    all: Approval,
    /// What Enter alone means where a change is asked about.
    pub(crate) enter: Enter,
    /// A generated password that is kept nowhere else: it stands in the form.
    password: Option<Secret>,
    /// The command that checks everything later.
    pub(crate) later: Option<String>,
    /// How far the change is that is being made.
    bar: Option<Bar>,
    /// Shows what is longer than the screen.
    pub(crate) pager: Option<Pager>,
    /// Whether any change was begun.
    began: bool,
    /// What the form's fields hold that are typed, to be copied.
    form: Vec<(&'static str, Secret)>,
    /// What stands behind the form.
    pages: Vec<(&'static str, String)>,
    /// The helps that stand above already.
    helped: RefCell<Vec<&'static str>>,
}

/// A command line, and what shows a text through it.
pub(crate) type Pager = (String, fn(&str, &str) -> io::Result<()>);

/// What Enter alone means where a change is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Enter {
    Yes,
    No,
}

impl Enter {
    /// How yes and no are written, and the answer of Enter alone.
    fn letters(self) -> (&'static str, &'static str, MenuAnswer) {
        match self {
            Self::Yes => ("[Y]es", "[n]o", MenuAnswer::Yes),
            Self::No => ("[y]es", "[N]o", MenuAnswer::No),
        }
    }
}

const GREETING: &str = "\
Press Enter for the [default], < or Esc to go back, Ctrl-C to quit.";

const NOTHING_YET: &str = "Nothing has changed yet. You approve each step before it runs.";

impl Terminal {
    /// Speaks with this look.
    pub(crate) fn new(look: Style, approved: Approval, format: Format) -> Self {
        Self {
            look,
            approved,
            format,
            volume: Volume::Normal,
            told: BTreeMap::new(),
            foreseen: BTreeMap::new(),
            all: Approval::Asked,
            enter: Enter::Yes,
            password: None,
            later: None,
            bar: None,
            pager: None,
            began: false,
            form: Vec::new(),
            pages: Vec::new(),
            helped: RefCell::default(),
        }
    }

    /// Shows a text; a long one through the pager, if there is one.
    pub(crate) fn page(&self, text: &str) {
        let is_long = text.lines().count() >= usize::from(Term::stderr().size().0);
        let pager = self.pager.as_ref();
        let pager = pager.filter(|_| is_long && self.look.cursor == Cursor::Moves);
        if pager.is_none_or(|(pager, show)| show(pager, text).is_err()) {
            say(text);
        }
    }

    fn detail(&self, normal: Detail) -> Detail {
        match self.volume {
            Volume::Verbose => Detail::Everything,
            Volume::Quiet => Detail::Problems,
            Volume::Normal | Volume::Result => normal,
        }
    }

    /// A step's end, unless it was shown before and nothing is new.
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
        let title = "stitch-pg makes a PostgreSQL server ready to be a Stitch destination.";
        say(&self.look.bold(&self.look.fold("", 0, title)));
        say(&self.look.fold("", 0, GREETING));
    }
}

fn summaries(plan: &Plan) -> Vec<String> {
    plan.changes.iter().map(|change| change.summary.clone()).collect()
}

impl Console for Terminal {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let look = &self.look;
        if let Event::Progress(progress) = event {
            self.bar.get_or_insert_with(|| Bar::new(look)).show(progress);
            return Ok(());
        }
        self.bar = None;
        match event {
            Event::Checking => say(&look.bold("Checking your server")),
            Event::Checked(step) => {
                // What comes later, or not at all, is shown in its turn.
                if !matches!(step.outcome, Outcome::Untested(..) | Outcome::Skipped(_)) {
                    say(&render::step(look, step, self.detail(Detail::Problems)));
                }
                self.told.insert(step.step, render::headline(look, step));
                let changes = step.outcome.plan().map(summaries).unwrap_or_default();
                self.foreseen.insert(step.step, changes);
            }
            Event::AllChecked if self.foreseen.values().any(|changes| !changes.is_empty()) => {
                say(&look.fold("", 0, NOTHING_YET));
            }
            Event::Opened { id, why, link } if self.volume == Volume::Verbose => {
                say(&format!("\n{}", look.heading(&render::title(*id))));
                say(&look.fold("  ", 2, why));
                say(&format!("  {}", look.dim(link)));
            }
            Event::Applying(change) => {
                self.began = true;
                // A change that takes long is announced before; the line is short-lived otherwise.
                if matches!(change.action, Action::Host(_) | Action::Ingress(_)) {
                    say(&look.fold("  ", 4, &format!("... to {}", visible::one_line(&change.summary))));
                }
            }
            Event::Applied(change, elapsed) if elapsed.as_secs() >= 10 => {
                say(&render::just_made(look, change, *elapsed));
            }
            Event::Ended(step) => self.ended(step),
            Event::Progress(_) | Event::Opened { .. } | Event::Applied(..) | Event::AllChecked => {}
            Event::NotBegun(cannot) => say(&render::not_begun(look, cannot)),
            Event::NotExpected(difference) => say(&render::not_expected(difference)),
        }
        Ok(())
    }

    async fn decide(&mut self, id: StepId, why: &'static str, plan: &Plan, chooses: Chooses) -> Result<Decision> {
        let foreseen = self.foreseen.get(&id).map(Vec::as_slice).unwrap_or_default();
        let is_foreseen = summaries(plan).iter().all(|summary| foreseen.contains(summary));
        if self.approved == Approval::Given || (self.all == Approval::Given && is_foreseen) {
            return Ok(Decision::Yes);
        }
        say(&format!("\n{}", render::planned(&self.look, id, plan)));
        let enter = match self.enter {
            Enter::Yes if !plan.changes.iter().any(Change::is_final) => Enter::Yes,
            _ => Enter::No,
        };
        let (yes, no, alone) = enter.letters();
        let (choose, letters) = match chooses {
            Chooses::BySchema => (" / [c]hoose", "y, a, n, c, e, s, w or q"),
            Chooses::No => ("", "y, a, n, e, s, w or q"),
        };
        loop {
            let answers = format!("{yes} / [a]ll / {no}{choose} / [e]xplain / [s]how SQL / [w]rite to file / [q]uit:");
            let prompt = self.look.fold("  ", 4, &answers);
            let answer = in_background(move || prompt::line(&prompt, None)).await?;
            match MenuAnswer::of(&answer, alone) {
                Some(MenuAnswer::Yes) => return Ok(Decision::Yes),
                Some(MenuAnswer::All) => {
                    self.all = Approval::Given;
                    return Ok(Decision::Yes);
                }
                Some(MenuAnswer::No) => return Ok(Decision::No),
                Some(MenuAnswer::Quit) => return Ok(Decision::Quit),
                Some(MenuAnswer::Choose) if chooses == Chooses::BySchema => return Ok(Decision::Choose),
                Some(MenuAnswer::Explain) => explain(&self.look, why, plan),
                Some(MenuAnswer::Show) => {
                    let (voice, text) = (self.clone(), script(plan));
                    in_background(move || voice.page(&text)).await?;
                }
                Some(MenuAnswer::Write) => match write(id, plan) {
                    Ok(name) => self.passed(&format!("./{name} is written")),
                    Err(error) => self.refused(&format!("{error:#}"), None),
                },
                Some(MenuAnswer::Choose) | None => say(&format!("  ! Please answer {letters}.")),
            }
        }
    }

    async fn choose(&mut self, choice: &Choice) -> Result<Chosen> {
        if choice.lines.is_empty() {
            say("  There is no schema to choose from.");
            return Ok(Chosen::default());
        }
        let lines = choice.lines.iter();
        let items: Vec<(String, bool)> = lines
            .map(|(name, described, ticked)| (format!("{name}: {described}"), *ticked))
            .collect();
        let how = "  Press Space to select, Enter to continue, q to quit.";
        say(&format!("\n{}", self.look.dim(how)));
        let (look, question) = (self.look.clone(), choice.question);
        let ticked = in_background(move || lists::some_of(&look, question, &items)).await?;
        let chosen = ticked.into_iter().filter_map(|index| choice.lines.get(index));
        let chosen: Vec<String> = chosen.map(|(name, ..)| name.clone()).collect();
        let names = match chosen.as_slice() {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        let told = visible::one_line(&format!("{} {names}", choice.question));
        say(&self.look.fold("  ", 4, &told));
        Ok(Chosen(chosen))
    }

    fn show_once(&mut self, what: &str, secret: &Secret) -> Result<()> {
        say(&format!("  {what} is shown only in the form at the end."));
        self.password = Some(secret.clone());
        Ok(())
    }

    fn finish(&mut self, report: &Report, settings: &Settings) -> Result<()> {
        self.end(report, settings)
    }
}

/// Asks on another thread, so that Ctrl-C is heard while the question stands.
async fn in_background<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(ask)
        .await
        .context("the question was interrupted")
}
