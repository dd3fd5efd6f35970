//! The wizard's questions about settings, in order. An answer is checked at once, and goes into the draft like a flag.

use std::str::FromStr;

use anyhow::{Error, Result, bail, ensure};

use super::ask::{Answer, Ask, PreviousQuestion, Question};
use super::check::{self, Checker, Context, FirstLogin};
use super::draft::{Draft, Source};
use super::file;
use super::problems::Problems;
use super::region::Region;
use super::registry::SettingId;
use super::request::Audience;
use super::request::{Approval, Purpose};
use crate::names::{DatabaseName, RoleName};
use crate::step_id::StepId;

mod memory;
mod secrets;
mod server;
mod setup;
mod table;
mod tunnel;

use memory::{GoBack, Memory, Reply};

/// Asks for what no source gave. The questions are walked through from the start each time one is to be answered anew; what was
/// answered before is remembered, so that only what is open is put again.
pub(super) fn fill(draft: Draft, context: &Context<'_>) -> Result<Draft> {
    let Some(asker) = context.asker else { return Ok(draft) };
    let steps = check::steps(&mut Checker {
        draft: &draft,
        context,
        problems: &mut Problems::default(),
        warnings: Vec::new(),
    });
    let mut questions = Questions {
        draft,
        context,
        asker,
        steps,
        memory: Memory::default(),
        detected: Vec::new(),
    };
    match context.request.purpose {
        Purpose::Script(audience) => questions.walk(|questions| questions.for_script(audience))?,
        Purpose::Setup if context.request.approval == Approval::Asked => questions.for_setup()?,
        _ => questions.for_run()?,
    }
    Ok(questions.draft)
}

struct Questions<'a> {
    draft: Draft,
    context: &'a Context<'a>,
    asker: &'a dyn Ask,
    steps: Vec<StepId>,
    memory: Memory,
    /// What was found out in place of an answer.
    detected: Vec<SettingId>,
}

/// Whether a question has an answer that is taken when it is not put.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DefaultAnswer {
    HasDefault,
    MustBeGiven,
}

impl Questions<'_> {
    /// Walks through questions from the start each time one is to be answered anew.
    fn walk<T>(&mut self, mut ask: impl FnMut(&mut Self) -> Result<T>) -> Result<T> {
        let before = self.draft.clone();
        self.memory = Memory::default();
        loop {
            match ask(self) {
                Err(error) if error.is::<GoBack>() => self.memory.forget_last(),
                answered => return answered,
            }
            self.draft = before.clone();
            self.detected.clear();
            self.memory.rewind();
        }
    }

    /// Where the run needs the database, the first login comes before all other questions.
    fn for_run(&mut self) -> Result<()> {
        use StepId::{Connection, Database, Ownership, Role};
        let needs_it = |step: &StepId| matches!(step, Database | Role | Ownership | Connection);
        let connects = self.context.contact == FirstLogin::Tried && self.steps.iter().any(needs_it);
        if connects {
            let contact = self.walk(Questions::reach)?;
            let looks = matches!(self.context.request.purpose, Purpose::Plan | Purpose::Check);
            if looks && !contact.schemas.is_empty() && self.is_open(SettingId::Existing, DefaultAnswer::HasDefault) {
                self.data(&contact);
                self.set(SettingId::Detect, "true");
            }
        }
        self.walk(|questions| {
            if !connects {
                questions.server()?;
                questions.login()?;
            }
            questions.rest_of_run()
        })
    }

    fn rest_of_run(&mut self) -> Result<()> {
        let help = "Stitch loads into this database. stitch-pg creates it if it does not exist.";
        self.name::<DatabaseName>(SettingId::Database, "Database Stitch loads into", help)?;
        self.region()?;
        self.tunnel()?;
        if check::password_is_used(&self.steps) {
            let help = "Stitch logs in as this role, which has only the rights it needs.";
            self.name::<RoleName>(SettingId::Role, "Role Stitch logs in as", help)?;
            self.password()?;
        }
        self.token()
    }

    fn login(&mut self) -> Result<()> {
        let default = self.context.environment.os_user.clone();
        let answer = default
            .as_ref()
            .map_or(DefaultAnswer::MustBeGiven, |_| DefaultAnswer::HasDefault);
        if self.is_open(SettingId::AdminUser, answer) {
            self.login_again(default)?;
        }
        Ok(())
    }

    fn login_again(&mut self, default: Option<String>) -> Result<()> {
        let help = "A login that may create databases and roles. Stitch never uses it.";
        let question = question(SettingId::AdminUser, "Admin user", help, default);
        self.parsed::<DatabaseName>(question)
    }

    fn for_script(&mut self, audience: Option<Audience>) -> Result<()> {
        self.region()?;
        let needs_key = audience == Some(Audience::Sysadmin) || self.draft.has(SettingId::Bastion);
        if needs_key && self.takes_part(StepId::SshUser) {
            self.public_key()?;
        }
        Ok(())
    }

    /// Whether to ask: not for what was given. With `--yes`, or where a settings file says how it was set up, only for what
    /// has no default.
    fn is_open(&self, id: SettingId, answer: DefaultAnswer) -> bool {
        let request = self.context.request;
        let has_file = || file::in_use(request.config.as_deref(), self.context.environment).is_some();
        let asks_all = request.approval == Approval::Asked && (request.purpose == Purpose::Setup || !has_file());
        let needed = answer == DefaultAnswer::MustBeGiven || asks_all;
        needed && !self.draft.has(id)
    }

    fn region(&mut self) -> Result<()> {
        let needed = check::region_is_needed(&self.draft, self.context.request.purpose, &self.steps);
        if !needed || self.draft.has(SettingId::Region) || self.draft.has(SettingId::AllowCidrs) {
            return Ok(());
        }
        let help = "In Stitch: user menu > Edit User Settings > Data pipeline region.";
        // Without a default: a wrong answer would not be noticed.
        let question = question(SettingId::Region, "Region of your Stitch account", help, None);
        let answer = self.chosen(question, &["North America", "Europe"])?;
        self.set(SettingId::Region, Region::ALL[answer].as_str());
        Ok(())
    }

    fn takes_part(&self, step: StepId) -> bool {
        self.steps.contains(&step)
    }

    fn name<T: FromStr<Err = Error>>(&mut self, id: SettingId, prompt: &'static str, help: &'static str) -> Result<()> {
        if self.is_open(id, DefaultAnswer::HasDefault) {
            let default = id.default_text().map(str::to_owned);
            self.parsed::<T>(question(id, prompt, help, default))?;
        }
        Ok(())
    }

    /// Asks for what knows how to read itself.
    fn parsed<T: FromStr<Err = Error>>(&mut self, question: Question) -> Result<()> {
        self.text(question, str::parse::<T>).map(drop)
    }

    /// Asks until the answer can be read, and notes it.
    fn text<T>(&mut self, mut question: Question, read: impl Fn(&str) -> Result<T>) -> Result<T> {
        question.before = self.memory.before();
        let mut remembered = match self.memory.recall(&question) {
            Some(Reply::Text(text)) => Some(text),
            _ => None,
        };
        loop {
            let answer = match remembered.take() {
                Some(text) => text,
                None => self.typed(&question)?,
            };
            match read(&answer) {
                Ok(value) => {
                    self.memory.note(&question, Reply::Text(answer.clone()));
                    self.set(question.id, answer);
                    return Ok(value);
                }
                Err(error) => {
                    // Enough of a long answer to know it again.
                    let text = format!("{error:#}");
                    let short = answer
                        .char_indices()
                        .nth(40)
                        .map(|(end, _)| format!("{}...", &answer[..end]));
                    question.refused = Some(short.map_or_else(|| text.clone(), |short| text.replace(&answer, &short)));
                }
            }
        }
    }

    fn typed(&self, question: &Question) -> Result<String> {
        let Answer::This(answer) = self.asker.text(question)? else {
            bail!(GoBack)
        };
        // White space around an answer comes from pasting; no setting begins or ends with it.
        let answer = answer.trim().to_owned();
        Ok(match &question.default {
            Some(default) if answer.is_empty() => default.clone(),
            _ => answer,
        })
    }

    fn choose(&mut self, id: SettingId, prompt: &'static str, help: &'static str, choices: &[&str]) -> Result<usize> {
        let default = choices.first().map(|first| (*first).to_owned());
        self.chosen(question(id, prompt, help, default), choices)
    }

    fn chosen(&mut self, mut question: Question, choices: &[&str]) -> Result<usize> {
        question.before = self.memory.before();
        let remembered = match self.memory.recall(&question) {
            Some(Reply::Choice(text)) => choices.iter().position(|choice| *choice == text),
            _ => None,
        };
        let answer = match remembered {
            Some(answer) => answer,
            None => match self.asker.choose(&question, choices)? {
                Answer::This(answer) => answer,
                Answer::Back => bail!(GoBack),
            },
        };
        ensure!(
            answer < choices.len(),
            "choice {answer} is not one of {}",
            choices.len()
        );
        self.memory.note(&question, Reply::Choice(choices[answer].to_owned()));
        Ok(answer)
    }

    fn set(&mut self, id: SettingId, text: impl Into<String>) {
        self.draft.set(id, text, Source::Prompt);
    }
}

fn question(id: SettingId, prompt: &'static str, help: &'static str, default: Option<String>) -> Question {
    Question {
        id,
        prompt,
        help,
        default,
        offered: Vec::new(),
        refused: None,
        before: PreviousQuestion::Nothing,
    }
}
