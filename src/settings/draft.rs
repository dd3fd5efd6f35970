//! What was said, by whom, and still as raw text: one draft for each source, laid over one another by precedence.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::libpq::{LibpqParameter, Parameter};
use super::registry::SettingId;
use crate::secret::Secret;

/// Settings as far as they were given, unchecked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    settings: BTreeMap<SettingId, Given>,
    /// libpq's parameters that are no settings of ours, by their names in its table.
    parameters: BTreeMap<&'static str, Given>,
}

/// One setting as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The value as it was given, not yet parsed.
    pub value: Value,
    /// Where the value was given.
    pub source: Source,
}

/// A value as it was given, not yet parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text; several for a flag that was repeated or an array. `true` and `false` for a switch.
    Texts(Vec<String>),
    /// A secret itself, where the setting otherwise names a file that holds it.
    Secret(Secret),
}

/// Where a value comes from; [`Source::rank`] gives how strong that source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// On the command line, by this flag.
    Flag(&'static str),
    /// In this environment variable.
    Environment(&'static str),
    /// A line of the settings file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key as written.
        key: String,
    },
    /// A part of a URL that was given by …
    Url(Box<Source>),
    /// A line of a PostgreSQL service file, which was named by …
    Service {
        /// The settings file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Who named the service.
        by: Box<Source>,
    },
    /// Typed as an answer to a question.
    Prompt,
}

/// How strong a source is; the greater wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// An answer, asked for only when no other source gave a value.
    Prompt,
    /// The settings file: the weakest source.
    File,
    /// Environment variables, which win over the file.
    Environment,
    /// Flags, which win over all else.
    Flag,
}

impl Source {
    /// How strong it is; a part of a URL is as strong as who gave the URL.
    pub fn rank(&self) -> Rank {
        match self {
            Self::Flag(_) => Rank::Flag,
            Self::Environment(_) => Rank::Environment,
            Self::File { .. } => Rank::File,
            Self::Url(by) | Self::Service { by, .. } => by.rank(),
            Self::Prompt => Rank::Prompt,
        }
    }

    /// How advice names a setting that this source gave; `None` for an answer, which has no name. `what`: host or port, for
    /// sources that give both.
    pub(super) fn of(&self, what: &str) -> Option<String> {
        match self {
            Self::Prompt => None,
            Self::Url(_) | Self::Service { .. } => Some(format!("the {what} in {self}")),
            _ => Some(self.to_string()),
        }
    }

    /// The directory that a relative path is meant from, where it is not the current one.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } => path.parent(),
            _ => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Environment(name) => f.write_str(name),
            Self::File { path, line, key } => write!(f, "{}:{line}: {key}", path.display()),
            Self::Url(by) => write!(f, "{by}"),
            Self::Service { path, line, .. } => write!(f, "{}:{line}", path.display()),
            Self::Prompt => f.write_str("your answer"),
        }
    }
}

impl Draft {
    /// Lays this draft over a weaker one: what is missing here is taken from there.
    pub fn or(mut self, weaker: Self) -> Self {
        for (id, given) in weaker.settings {
            self.settings.entry(id).or_insert(given);
        }
        for (name, given) in weaker.parameters {
            self.parameters.entry(name).or_insert(given);
        }
        self
    }

    /// Records one text for a setting, with its source.
    pub fn set(&mut self, id: SettingId, text: impl Into<String>, source: Source) {
        self.set_all(id, vec![text.into()], source);
    }

    /// Records several texts for a setting, with their source.
    pub fn set_all(&mut self, id: SettingId, texts: Vec<String>, source: Source) {
        let value = Value::Texts(texts);
        self.settings.insert(id, Given { value, source });
    }

    /// Records a secret for a setting, with its source.
    pub fn set_secret(&mut self, id: SettingId, secret: Secret, source: Source) {
        let value = Value::Secret(secret);
        self.settings.insert(id, Given { value, source });
    }

    /// What was said about a setting.
    pub fn given(&self, id: SettingId) -> Option<&Given> {
        self.settings.get(&id)
    }

    /// Whether anything was said about it.
    pub fn has(&self, id: SettingId) -> bool {
        self.settings.contains_key(&id)
    }

    /// How strong what was said about it is; `None` when nothing was.
    pub fn rank(&self, id: SettingId) -> Option<Rank> {
        self.given(id).map(|given| given.source.rank())
    }

    /// The first text given for a setting.
    pub fn text(&self, id: SettingId) -> Option<&str> {
        self.given(id)?.texts().first().map(String::as_str)
    }

    /// Sets what a parameter of libpq stands for, unless it is set already, as in libpq. An empty value is none.
    pub(crate) fn set_libpq(&mut self, entry: &LibpqParameter, value: &str, source: Source) {
        match entry.parameter {
            _ if value.is_empty() => {}
            Parameter::Setting(id) if !self.has(id) => self.set(id, value, source),
            Parameter::Password if !self.has(SettingId::AdminPassword) => {
                self.set_secret(SettingId::AdminPassword, Secret::new(value.to_owned()), source);
            }
            Parameter::Honoured | Parameter::Refused(_) => {
                let value = match entry.name {
                    "sslpassword" => Value::Secret(Secret::new(value.to_owned())),
                    _ => Value::Texts(vec![value.to_owned()]),
                };
                self.parameters.insert(entry.name, Given { value, source });
            }
            Parameter::Setting(_) | Parameter::Password | Parameter::Harmless => {}
        }
    }

    /// What was said about a parameter of libpq.
    pub(crate) fn parameter(&self, name: &str) -> Option<&Given> {
        self.parameters.get(name)
    }

    /// Every parameter of libpq that something was said about.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'static str, &Given)> {
        self.parameters.iter().map(|(name, given)| (*name, given))
    }

    /// libpq's `hostaddr` stands in for the host where none is given.
    pub(crate) fn address_as_host(&mut self) {
        if let Some(given) = self.parameters.get("hostaddr").filter(|_| !self.has(SettingId::Host)) {
            self.settings.insert(SettingId::Host, given.clone());
        }
    }

    /// Takes a setting out.
    pub fn take(&mut self, id: SettingId) -> Option<Given> {
        self.settings.remove(&id)
    }
}

impl Given {
    /// The path that it names: from the home directory, from where the settings file is, or from the current directory.
    pub(crate) fn path(&self, environment: &Environment) -> PathBuf {
        let from = self.source.directory().unwrap_or(Path::new(""));
        environment.directory.join(from).join(environment.expand(self.text()))
    }

    /// The first text, where it is no secret.
    pub(crate) fn text(&self) -> &str {
        self.texts().first().map(String::as_str).unwrap_or_default()
    }

    /// The secret, where it is one.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match &self.value {
            Value::Texts(_) => None,
            Value::Secret(secret) => Some(secret),
        }
    }

    /// The texts; none for a secret.
    pub fn texts(&self) -> &[String] {
        match &self.value {
            Value::Texts(texts) => texts,
            Value::Secret(_) => &[],
        }
    }
}

/// What gave a host and a port, as advice names them: a flag, a variable, a line of a file, or a part of a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenBy {
    /// What gave the host.
    pub host: String,
    /// What gave the port.
    pub port: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stronger_draft_wins_setting_by_setting() {
        let mut flags = Draft::default();
        flags.set(SettingId::Host, "flag", Source::Flag("--host"));
        let mut environment = Draft::default();
        environment.set(SettingId::Host, "env", Source::Environment("PGHOST"));
        environment.set(SettingId::Port, "6000", Source::Environment("PGPORT"));
        let draft = flags.or(environment);
        assert_eq!(draft.text(SettingId::Host), Some("flag"));
        assert_eq!(draft.text(SettingId::Port), Some("6000"));
        assert_eq!(draft.rank(SettingId::Port), Some(Rank::Environment));
        assert!(!draft.has(SettingId::Role));
    }
}
