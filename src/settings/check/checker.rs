//! Raw texts, read one by one, with a note of what is wrong with each.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Error, Result, ensure};

use crate::names::HostName;
use crate::secret::Secret;
use crate::settings::ask::Ask;
use crate::settings::draft::GivenBy;
use crate::settings::draft::{Draft, Source};
use crate::settings::environment::Environment;
use crate::settings::problems::Problems;
use crate::settings::registration::{ApiUrl, Insecure};
use crate::settings::registry::{SettingId, ValueKind};
use crate::settings::request::{Purpose, SettingsRequest};
use crate::settings::words;

/// What settings are checked for.
pub(crate) struct Context<'a> {
    pub(crate) request: &'a SettingsRequest,
    pub(crate) environment: &'a Environment,
    pub(crate) asker: Option<&'a dyn Ask>,
    pub(crate) contact: FirstLogin,
}

/// Whether answers are tried out by a login.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstLogin {
    Tried,
    /// They are for another day.
    LeftOut,
}

impl Context<'_> {
    /// Whether the command checks, or changes, a real server.
    pub(crate) fn connects(&self) -> bool {
        !matches!(self.request.purpose, Purpose::Script(_))
    }
}

/// Reads raw texts and notes what is wrong with them.
pub(crate) struct Checker<'a> {
    pub(crate) draft: &'a Draft,
    pub(crate) context: &'a Context<'a>,
    pub(crate) problems: &'a mut Problems,
    pub(crate) warnings: Vec<String>,
}

impl Checker<'_> {
    /// A setting, if it was given and can be read.
    pub(crate) fn read<T>(&mut self, id: SettingId, read: impl FnOnce(&str) -> Result<T>) -> Option<T> {
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
    pub(crate) fn parse<T: FromStr<Err = Error>>(&mut self, id: SettingId) -> Option<T> {
        self.read(id, str::parse)
    }

    /// A setting that must be given.
    pub(crate) fn required<T>(&mut self, id: SettingId, what: &str, read: impl FnOnce(&str) -> Result<T>) -> Option<T> {
        if !self.draft.has(id) {
            self.problems.missing(id, what);
        }
        self.read(id, read)
    }

    /// A switch, if it was given.
    pub(crate) fn switch(&mut self, id: SettingId) -> Option<bool> {
        self.read(id, words::switch)
    }

    /// One of two, by a switch that is on.
    pub(crate) fn either<T>(&mut self, id: SettingId, on: T, off: T) -> T {
        if self.switch(id) == Some(true) { on } else { off }
    }

    /// A secret, if it was given itself and not the name of a file.
    pub(crate) fn secret(&self, id: SettingId) -> Option<Secret> {
        self.draft.given(id)?.secret().cloned()
    }

    /// Who gave a setting, for a message.
    pub(crate) fn giver(&self, id: SettingId) -> String {
        self.draft
            .given(id)
            .map_or_else(String::new, |given| given.source.to_string())
    }

    /// What gave a host and a port, the flags where nothing did. A setting that was not given has the value of another: `or`.
    pub(crate) fn given_by(&self, host: SettingId, port: SettingId, or: Option<&GivenBy>) -> GivenBy {
        let name = |id: SettingId, what, or: Option<&String>| match (self.draft.given(id), or) {
            (Some(given), _) => given.source.of(what).unwrap_or_else(|| id.name().to_owned()),
            (None, Some(other)) => other.clone(),
            (None, None) => id.name().to_owned(),
        };
        GivenBy {
            host: name(host, "host", or.map(|or| &or.host)),
            port: name(port, "port", or.map(|or| &or.port)),
        }
    }

    /// A path, if one was given.
    pub(crate) fn path(&mut self, id: SettingId) -> Option<PathBuf> {
        self.draft.given(id).map(|given| given.path(self.context.environment))
    }

    /// A file that has to be there.
    pub(crate) fn existing_file(&mut self, id: SettingId) -> Option<PathBuf> {
        let path = self.path(id)?;
        // A script may be written on another machine than the one it is about.
        let opened = self.context.connects().then(|| std::fs::File::open(&path));
        if let Some(Err(error)) = opened {
            let (source, shown) = (self.giver(id), path.display());
            self.problems
                .malformed(id, format_args!("{source}: cannot read {shown}: {error}"));
        }
        Some(path)
    }

    /// Everything a list names, once each, as far as it can be read.
    pub(crate) fn list<T: FromStr<Err = Error> + PartialEq>(&mut self, id: SettingId) -> Vec<T> {
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
pub(crate) fn known_good_url() -> ApiUrl {
    let text = SettingId::ApiUrl.default_text().unwrap_or_default();
    ApiUrl::parse(text, Insecure::No).expect("our own defaults can be read")
}

/// A default of ours, which can be read.
pub(crate) fn known_good<T: FromStr<Err = Error>>(text: &'static str) -> T {
    text.parse().expect("our own defaults can be read")
}

/// A host as people give it. The message about a URL does not repeat it: there may be a password in it.
pub(crate) fn host(text: &str) -> Result<HostName> {
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
