//! From raw texts to checked settings. It goes on after a mistake, so that all of them are told at once.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Error, Result, ensure};

use super::ask::Ask;
use super::complete::{Purpose, SettingsRequest};
use super::draft::{Draft, Given, Source};
use super::environment::Environment;
use super::problems::Problems;
use super::registration::{ApiUrl, Insecure};
use super::registry::{SettingId, ValueKind};
use super::{AllowlistInputs, Settings, input_files, words};
use crate::names::HostName;
use crate::provider::list::{self, AllowList};
use crate::secret::Secret;
use crate::step_id::StepId;

mod admin;
mod bastion;
mod libpq;
mod ownership;
mod registration;
mod stitch;

pub(super) use admin::default_host;
pub(super) use bastion::can_be_server;
pub(super) use stitch::{key_from_is_chosen, password_is_used, region_is_needed};

/// What settings are checked for.
pub(super) struct Context<'a> {
    pub(super) request: &'a SettingsRequest,
    pub(super) environment: &'a Environment,
    pub(super) asker: Option<&'a dyn Ask>,
}

impl Context<'_> {
    /// Whether the command looks at, or changes, a real server.
    pub(super) fn connects(&self) -> bool {
        !matches!(self.request.purpose, Purpose::Script(_))
    }
}

/// Checks everything. The settings are worth something only when no problem was added.
pub(super) fn settings(draft: &Draft, context: &Context<'_>, problems: &mut Problems) -> Settings {
    let mut checker = Checker {
        draft,
        context,
        problems,
        warnings: Vec::new(),
    };
    let steps = steps(&mut checker);
    let bastion = bastion::check(&mut checker, &steps);
    let admin = admin::check(&mut checker, bastion.as_ref());
    let stitch = stitch::check(&mut checker, &steps, &admin);
    let ownership = ownership::check(&mut checker, &steps);
    let registration = registration::check(&mut checker, &steps, stitch.database.as_str());
    let timeout = checker.read(SettingId::Timeout, words::timeout);
    let allow_list = allow_list(&mut checker);
    let manage = checker.list(SettingId::Manage);
    let docs_url = checker.read(SettingId::DocsUrl, docs_url);
    Settings {
        admin,
        stitch,
        ownership,
        bastion,
        registration,
        way_in: AllowlistInputs {
            hba_file: input_files::handed_over(draft, SettingId::HbaFile),
            allow_list,
            manage,
        },
        steps,
        timeout: timeout.unwrap_or(Duration::from_secs(10)),
        docs_url: docs_url.unwrap_or_else(|| SettingId::DocsUrl.default_text().unwrap_or_default().to_owned()),
        warnings: checker.warnings,
    }
}

/// The provider's list; what cannot be read is told with the file's name.
fn allow_list(checker: &mut Checker<'_>) -> Option<AllowList> {
    let given = input_files::handed_over(checker.draft, SettingId::AllowListJson)?;
    match list::parse(&given.text) {
        Ok(list) => Some(list),
        Err(error) => {
            let text = format_args!("--allow-list-json: {} cannot be used: {error:#}", given.name);
            checker.problems.malformed(SettingId::AllowListJson, text);
            None
        }
    }
}

/// The steps that take part, in running order, whatever order they were named in.
pub(super) fn steps(checker: &mut Checker<'_>) -> Vec<StepId> {
    let only: Vec<StepId> = checker.list(SettingId::Only);
    let skip: Vec<StepId> = checker.list(SettingId::Skip);
    for both in only.iter().filter(|step| skip.contains(step)) {
        checker
            .problems
            .wrong(format_args!("--only and --skip both name {both}"));
    }
    let all_named = !checker.draft.has(SettingId::Only);
    let steps: Vec<_> = StepId::ALL
        .into_iter()
        .filter(|step| (all_named || only.contains(step)) && !skip.contains(step))
        .collect();
    if steps.is_empty() && checker.problems.is_empty() {
        checker.problems.wrong("--only and --skip leave no step to run");
    }
    steps
}

/// The path a setting names: from the home directory, from where the settings file is, or from the current directory.
pub(super) fn path(given: &Given, environment: &Environment) -> PathBuf {
    let text = given.text();
    let from = given.source.directory().unwrap_or(std::path::Path::new(""));
    environment.directory.join(from).join(environment.expand(text))
}

/// A host as people give it. The message about a URL does not repeat it: there may be a password in it.
pub(super) fn host(text: &str) -> Result<HostName> {
    ensure!(
        !text.contains("://"),
        "this is a URL, not a host; give it as DATABASE_URL in the environment, or without a password as --url"
    );
    ensure!(
        !text.contains(','),
        "{text:?} names several hosts; give the one that accepts writes (the primary)"
    );
    text.parse()
}

fn docs_url(text: &str) -> Result<String> {
    ensure!(
        text.starts_with("https://") || text.starts_with("http://"),
        "{text:?} does not begin with https://"
    );
    ensure!(
        !text.contains(|c: char| c.is_whitespace() || c.is_control()),
        "{text:?} holds white space"
    );
    Ok(text.trim_end_matches('/').to_owned())
}

/// Reads raw texts and notes what is wrong with them.
pub(super) struct Checker<'a> {
    pub(super) draft: &'a Draft,
    pub(super) context: &'a Context<'a>,
    pub(super) problems: &'a mut Problems,
    pub(super) warnings: Vec<String>,
}

impl Checker<'_> {
    /// A setting, if it was given and can be read.
    fn read<T>(&mut self, id: SettingId, read: impl FnOnce(&str) -> Result<T>) -> Option<T> {
        let given = self.draft.given(id)?;
        match read(given.texts().first()?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.malformed(id, format_args!("{}: {error:#}", given.source));
                None
            }
        }
    }

    /// The same, for what knows how to read itself.
    fn parse<T: FromStr<Err = Error>>(&mut self, id: SettingId) -> Option<T> {
        self.read(id, str::parse)
    }

    /// A setting nobody can do without.
    fn required<T>(&mut self, id: SettingId, what: &str, read: impl FnOnce(&str) -> Result<T>) -> Option<T> {
        if !self.draft.has(id) {
            self.problems.missing(id, what);
        }
        self.read(id, read)
    }

    /// A switch, if it was given.
    fn switch(&mut self, id: SettingId) -> Option<bool> {
        self.read(id, words::switch)
    }

    /// One of two, by a switch that is on.
    fn either<T>(&mut self, id: SettingId, on: T, off: T) -> T {
        if self.switch(id) == Some(true) { on } else { off }
    }

    /// A secret, if it was given itself and not the name of a file.
    fn secret(&self, id: SettingId) -> Option<Secret> {
        self.draft.given(id)?.secret().cloned()
    }

    /// Who gave a setting, for a message.
    fn giver(&self, id: SettingId) -> String {
        self.draft
            .given(id)
            .map_or_else(String::new, |given| given.source.to_string())
    }

    /// A path, if one was given.
    fn path(&mut self, id: SettingId) -> Option<PathBuf> {
        self.draft.given(id).map(|given| path(given, self.context.environment))
    }

    /// A file that has to be there.
    fn existing_file(&mut self, id: SettingId) -> Option<PathBuf> {
        let path = self.path(id)?;
        // A script may be written on another machine than the one it is about.
        if self.context.connects()
            && let Err(error) = std::fs::File::open(&path)
        {
            let (source, shown) = (self.giver(id), path.display());
            self.problems
                .malformed(id, format_args!("{source}: cannot read {shown}: {error}"));
        }
        Some(path)
    }

    /// Everything a list names, once each, as far as it can be read.
    fn list<T: FromStr<Err = Error> + PartialEq>(&mut self, id: SettingId) -> Vec<T> {
        let mut values = Vec::new();
        let Some(given) = self.draft.given(id) else {
            return values;
        };
        for text in given.texts() {
            let pieces: Vec<String> = match id.kind() {
                ValueKind::List => text.split(',').map(|piece| piece.trim().to_owned()).collect(),
                // In the file a list is a list.
                ValueKind::Names if matches!(given.source, Source::Flag(_)) => words::names_of_a_list(text),
                _ => vec![text.to_owned()],
            };
            for piece in pieces {
                match piece.parse() {
                    Ok(value) if values.contains(&value) => {}
                    Ok(value) => values.push(value),
                    Err(error) => self.problems.malformed(id, format_args!("{}: {error:#}", given.source)),
                }
            }
        }
        values
    }
}

/// Stitch's own address, which can be read.
fn known_good_url() -> ApiUrl {
    let text = SettingId::ApiUrl.default_text().unwrap_or_default();
    ApiUrl::parse(text, Insecure::No).expect("our own defaults can be read")
}

/// A default of ours, which can be read.
fn known_good<T: FromStr<Err = Error>>(text: &'static str) -> T {
    text.parse().expect("our own defaults can be read")
}
