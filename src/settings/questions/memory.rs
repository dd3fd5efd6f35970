//! The answers given so far, so that you can go back: the questions are walked through again, and those that were answered answer
//! themselves.

use std::fmt;
use std::mem::discriminant;

use crate::secret::Secret;
use crate::settings::ask::{PreviousQuestion, Question};
use crate::settings::registry::SettingId;

/// One answer, as it is given again.
#[derive(Clone)]
pub(super) enum Reply {
    /// What was typed, or the default it stands for.
    Text(String),
    /// The words that were chosen; their place may be another the next time.
    Choice(String),
    /// Typed unseen.
    Secret(Secret),
}

struct AskedQuestion {
    id: SettingId,
    prompt: &'static str,
    reply: Reply,
}

/// All answers, and which of them counted in this walk through the questions.
#[derive(Default)]
pub(super) struct Memory {
    entries: Vec<AskedQuestion>,
    /// Places in `entries`, in the order of the questions.
    walked: Vec<usize>,
}

impl Memory {
    /// A walk begins.
    pub(super) fn rewind(&mut self) {
        self.walked.clear();
    }

    /// The answer given before. A question that is put again because its answer was refused has none.
    pub(super) fn recall(&self, question: &Question) -> Option<Reply> {
        let fits = |(place, entry): &(usize, &AskedQuestion)| {
            entry.id == question.id && entry.prompt == question.prompt && !self.walked.contains(place)
        };
        let known = self.entries.iter().enumerate().find(fits);
        known
            .filter(|_| question.refused.is_none())
            .map(|(_, entry)| entry.reply.clone())
    }

    /// Remembers an answer that was taken.
    pub(super) fn note(&mut self, question: &Question, reply: Reply) {
        let entry = AskedQuestion {
            id: question.id,
            prompt: question.prompt,
            reply,
        };
        // A list and a hidden line may go by the same words: the password is chosen to be typed, and then typed.
        let same = |known: &AskedQuestion| {
            (known.id, known.prompt, discriminant(&known.reply)) == (entry.id, entry.prompt, discriminant(&entry.reply))
        };
        let place = self.entries.iter().position(same).unwrap_or(self.entries.len());
        if place == self.entries.len() {
            self.entries.push(entry);
        } else {
            self.entries[place] = entry;
        }
        self.walked.push(place);
    }

    /// Whether there is a question to go back to.
    pub(super) fn before(&self) -> PreviousQuestion {
        if self.walked.is_empty() {
            PreviousQuestion::Nothing
        } else {
            PreviousQuestion::Something
        }
    }

    /// Forgets the answer to the question before the one that stands open.
    pub(super) fn forget_last(&mut self) {
        if let Some(place) = self.walked.pop() {
            self.entries.remove(place);
        }
    }
}

/// You want the question before again; carried up as an error, since every question on the way ends with it.
#[derive(Debug)]
pub(super) struct GoBack;

impl fmt::Display for GoBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("back to the question before")
    }
}

impl std::error::Error for GoBack {}
