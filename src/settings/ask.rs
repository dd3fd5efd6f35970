//! How settings are asked for: one small trait, so that tests answer from a list and only the terminal knows dialoguer.

use anyhow::Result;

use super::registry::SettingId;
use crate::secret::Secret;

/// Puts questions to a person, one at a time, and blocks until there is an answer. An error (Ctrl-C, end of input)
/// ends the program; it comes back out of [`super::complete()`] as it is.
pub trait Ask {
    /// A line of text. An answer that cannot be is asked again, with the reason in [`Question::refused`].
    fn text(&self, question: &Question) -> Result<Answer<String>>;

    /// A secret, typed unseen.
    fn secret(&self, question: &Question, typing: Typing) -> Result<Secret>;

    /// One of several; the index of the answer.
    fn choose(&self, question: &Question, choices: &[&str]) -> Result<Answer<usize>>;

    /// Shows all answers before anything is done with them; the index of one that is to be given anew, if any.
    fn review(&self, answers: &[Answered]) -> Result<Option<usize>>;
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// What was typed or chosen.
    This(T),
    /// The person wants the question before this one again.
    Back,
}

/// An answer as it is shown again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The text of the question.
    pub prompt: &'static str,
    /// The answer; of a secret only that it was given.
    pub answer: String,
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
    /// Why the last answer could not be taken.
    pub refused: Option<String>,
    /// Whether one can go back from here.
    pub before: PreviousQuestion,
}
