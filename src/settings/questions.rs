//! The wizard's questions about settings, in order. An answer is checked at once, and goes into the draft like a flag.

use std::str::FromStr;

use anyhow::{Error, Result};

use super::ask::{Ask, Question, Typing};
use super::check::{self, Checker, Context};
use super::complete::{Approval, Purpose};
use super::draft::{Draft, Source};
use super::known::Id;
use super::problems::Problems;
use super::{Audience, Region, Route, secret_file};
use crate::names::{DatabaseName, HostName, Port, RoleName};
use crate::steps::StepId;

mod tunnel;

/// Asks for what nobody gave.
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
    };
    match context.request.purpose {
        Purpose::Script(audience) => questions.for_script(audience)?,
        Purpose::Setup | Purpose::Plan | Purpose::Check => questions.for_run()?,
    }
    Ok(questions.draft)
}

struct Questions<'a> {
    draft: Draft,
    context: &'a Context<'a>,
    asker: &'a dyn Ask,
    steps: Vec<StepId>,
}

/// Whether a question has an answer that is taken when it is not put.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    HasDefault,
    MustBeGiven,
}

impl Questions<'_> {
    fn for_run(&mut self) -> Result<()> {
        self.host()?;
        let default = self.context.environment.os_user.clone();
        let answer = default.as_ref().map_or(Answer::MustBeGiven, |_| Answer::HasDefault);
        if self.is_open(Id::AdminUser, answer) {
            let help = "A login that may create databases and roles. Stitch never uses it.";
            let question = question(Id::AdminUser, "Log in to PostgreSQL as", help, default);
            self.text(question, str::parse::<DatabaseName>)?;
        }
        let help = "Stitch loads into a database of its own; it is created when it does not exist.";
        self.name::<DatabaseName>(Id::Database, "Database Stitch loads into", help)?;
        self.region()?;
        self.tunnel()?;
        if check::password_is_used(&self.steps) {
            let help = "Stitch logs in as a role of its own, with no more rights than it needs.";
            self.name::<RoleName>(Id::Role, "Role Stitch logs in as", help)?;
            self.password()?;
        }
        self.existing()
    }

    fn for_script(&mut self, audience: Option<Audience>) -> Result<()> {
        self.region()?;
        let needs_key = audience == Some(Audience::Sysadmin) || self.draft.has(Id::Bastion);
        if needs_key && self.takes_part(StepId::SshUser) {
            self.public_key()?;
        }
        Ok(())
    }

    /// Whether to ask: not for what was given, and with `--yes` only for what has no default.
    fn is_open(&self, id: Id, answer: Answer) -> bool {
        let needed = answer == Answer::MustBeGiven || self.context.request.approval == Approval::Asked;
        needed && !self.draft.has(id)
    }

    /// The answer may be `HOST:PORT`; a port of its own is asked for nowhere.
    fn host(&mut self) -> Result<()> {
        if !self.is_open(Id::Host, Answer::HasDefault) {
            return Ok(());
        }
        let port = self
            .draft
            .text(Id::Port)
            .and_then(|port| port.parse().ok())
            .unwrap_or(Port::POSTGRES);
        let via_bastion = self.draft.text(Id::ViaBastion).is_some_and(|text| text == "true");
        let route = if via_bastion { Route::Bastion } else { Route::Direct };
        let default = check::default_host(route, port, self.context.environment).to_string();
        let help =
            "A name, an address, or the directory of the server's Unix socket; HOST:PORT for a port other than 5432.";
        let question = question(Id::Host, "Host of the PostgreSQL server", help, Some(default));
        let answer = self.text(question, |text| host_and_port(text).map(|_| ()))?;
        let (host, port) = host_and_port(&answer)?;
        self.set(Id::Host, host.to_string());
        if let Some(port) = port {
            self.set(Id::Port, port.to_string());
        }
        Ok(())
    }

    fn region(&mut self) -> Result<()> {
        let key_needs_it = check::key_from_is_chosen(&self.draft) && self.takes_part(StepId::SshUser);
        let needed = key_needs_it || check::region_is_needed(self.context.request.purpose, &self.steps);
        if !needed || self.draft.has(Id::Region) || self.draft.has(Id::AllowCidrs) {
            return Ok(());
        }
        let help = "Stitch shows it under your user menu > Edit User Settings > Data pipeline region.";
        let regions = [Region::NorthAmerica, Region::Europe];
        let question = question(Id::Region, "Region of your Stitch account", help, None);
        let answer = self.choose(&question, &["North America", "Europe"])?;
        self.set(Id::Region, regions[answer].as_str());
        Ok(())
    }

    fn password(&mut self) -> Result<()> {
        let purpose = self.context.request.purpose;
        if self.draft.has(Id::Password) || self.draft.has(Id::GeneratePassword) || purpose == Purpose::Plan {
            return Ok(());
        }
        let mut typing = Typing::Once;
        if purpose == Purpose::Setup {
            let help = "A generated one is shown once, to be copied into Stitch. An existing role keeps the password it has: \
                        type that one.";
            let choices = ["Generate one", "Type one"];
            let first = Some(choices[0].to_owned());
            let question = question(Id::Password, "Password of the Stitch role", help, first);
            if self.choose(&question, &choices)? == 0 {
                self.set(Id::GeneratePassword, "true");
                return Ok(());
            }
            typing = Typing::Twice;
        }
        let mut question = question(
            Id::Password,
            "Password of the Stitch role",
            "It is not shown while you type.",
            None,
        );
        loop {
            let secret = self.asker.secret(&question, typing)?;
            match secret_file::check(secret.reveal()) {
                Ok(()) => {
                    self.draft.set_secret(Id::Password, secret, Source::Prompt);
                    return Ok(());
                }
                Err(error) => question.refused = Some(format!("{error:#}")),
            }
        }
    }

    fn existing(&mut self) -> Result<()> {
        let said = [Id::Existing, Id::Schemas, Id::Detect]
            .iter()
            .any(|id| self.draft.has(*id));
        let wanted = self.takes_part(StepId::Ownership) && self.is_open(Id::Existing, Answer::HasDefault);
        if said || !wanted {
            return Ok(());
        }
        let help = "If another role loaded for Stitch before, its schemas and tables must change hands.";
        let choices = ["No, this is a new connection", "Yes, there are schemas of Stitch's"];
        let first = Some(choices[0].to_owned());
        let question = question(
            Id::Existing,
            "Has Stitch loaded into this database before?",
            help,
            first,
        );
        let answer = self.choose(&question, &choices)?;
        self.set(Id::Existing, if answer == 0 { "false" } else { "true" });
        Ok(())
    }

    fn takes_part(&self, step: StepId) -> bool {
        self.steps.contains(&step)
    }

    fn name<T: FromStr<Err = Error>>(&mut self, id: Id, prompt: &'static str, help: &'static str) -> Result<()> {
        if self.is_open(id, Answer::HasDefault) {
            let default = id.default_text().map(str::to_owned);
            self.text(question(id, prompt, help, default), str::parse::<T>)?;
        }
        Ok(())
    }

    /// Asks until the answer can be read, and notes it.
    fn text<T>(&mut self, mut question: Question, read: impl Fn(&str) -> Result<T>) -> Result<String> {
        loop {
            // White space around an answer comes from pasting; no setting begins or ends with it.
            let answer = self.asker.text(&question)?.trim().to_owned();
            let answer = match &question.default {
                Some(default) if answer.is_empty() => default.clone(),
                _ => answer,
            };
            match read(&answer) {
                Ok(_) => {
                    self.set(question.id, answer.clone());
                    return Ok(answer);
                }
                Err(error) => question.refused = Some(format!("{error:#}")),
            }
        }
    }

    fn choose(&self, question: &Question, choices: &[&str]) -> Result<usize> {
        let answer = self.asker.choose(question, choices)?;
        anyhow::ensure!(answer < choices.len(), "choice {answer} is none of {}", choices.len());
        Ok(answer)
    }

    fn set(&mut self, id: Id, text: impl Into<String>) {
        self.draft.set(id, text, Source::Prompt);
    }
}

fn question(id: Id, prompt: &'static str, help: &'static str, default: Option<String>) -> Question {
    Question {
        id,
        prompt,
        help,
        default,
        refused: None,
    }
}

fn host_and_port(text: &str) -> Result<(HostName, Option<Port>)> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && !host.starts_with('/') && !text.contains("://") => {
            Ok((check::host(host)?, Some(port.parse()?)))
        }
        _ => Ok((check::host(text)?, None)),
    }
}
