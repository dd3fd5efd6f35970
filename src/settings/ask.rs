//! How settings are asked for: one small trait, so that tests answer from a list and only the terminal knows dialoguer.

use anyhow::Result;

use super::checked::Settings;
use super::draft::Draft;
use super::registry::SettingId;
use crate::secret::Secret;

/// Puts questions to you, one at a time, and blocks until there is an answer. An error (Ctrl-C, end of input) ends the program; it
/// comes back out of [`super::complete()`] as it is.
pub trait Ask {
    /// A line of text. An answer that cannot be is asked again, with the reason in [`Question::refused`].
    fn text(&self, question: &Question) -> Result<Answer<String>>;

    /// A secret, typed unseen.
    fn secret(&self, question: &Question, typing: Typing) -> Result<Secret>;

    /// One of several; the index of the answer.
    fn choose(&self, question: &Question, choices: &[&str]) -> Result<Answer<usize>>;

    /// Shows all settings before anything is done with them, and keeps the answers (`draft`) for the next run unless you say no;
    /// the index of a setting that is to be given anew, if any.
    fn review(&self, rows: &[Row], settings: &Settings, draft: &Draft) -> Result<Option<usize>>;

    /// Logs in to see whether the answers so far lead to a server, and says what came of it.
    ///
    /// # Errors
    /// Only what ends the program; a server that refuses is an answer.
    fn connect(&self, settings: &Settings) -> Result<Result<Contact, Suspect>>;
}

/// What the first login showed.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// The administrator's password, where it was asked for on the way.
    pub password: Option<Secret>,
    /// Whether the role for Stitch exists.
    pub role: Presence,
    /// The schemas that Stitch has loaded, by their marks.
    pub schemas: Vec<String>,
}

/// Whether something exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// It exists.
    There,
    /// It does not.
    #[default]
    Absent,
}

/// Why a login failed, as far as that shows which answer caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspect {
    /// The address: an unknown name, a port on which nothing listens, no answer.
    Server,
    /// The login's name, or no rule that lets it in.
    Login,
    /// The password.
    Password,
    /// The database of the first login.
    Database,
    /// TLS is demanded and not offered.
    NoTls,
    /// The server's certificate is not trusted.
    Certificate,
    /// The SSH server on the way.
    SshServer,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// What was typed or chosen.
    This(T),
    /// You want the question before this one again.
    Back,
}

/// A line of the table of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The setting.
    pub id: SettingId,
    /// Its name for people.
    pub label: &'static str,
    /// Its value; of a secret only where it is.
    pub value: String,
    /// Who gave it.
    pub source: &'static str,
}

/// Whether there is a question to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviousQuestion {
    /// This is the first one.
    Nothing,
    /// One was answered before.
    Something,
}

/// How often a secret is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// It exists already; a slip shows at once.
    Once,
    /// It is made here; the second time proves the first.
    Twice,
}

/// A question for one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The setting it fills.
    pub id: SettingId,
    /// The question itself, short: `Host of the PostgreSQL server`.
    pub prompt: &'static str,
    /// One or two sentences that help to answer it; shown above.
    pub help: &'static str,
    /// What an empty answer means: a text, or for a choice one of the choices.
    pub default: Option<String>,
    /// Answers that are offered, to be given by their numbers.
    pub offered: Vec<String>,
    /// Why the last answer could not be taken.
    pub refused: Option<String>,
    /// Whether one can go back from here.
    pub before: PreviousQuestion,
}
