//! Questions about settings, and those that come up while a connection is made.

use std::sync::Arc;

use anyhow::Result;

use super::Terminal;
use super::prompt::{self, say};
use crate::console::{Asker, Trust};
use crate::public_key::PublicKey;
use crate::secret::Secret;
use crate::settings::Id;
use crate::settings::ask::{Ask, Question, Typing};

/// How every form of a public key begins that can be pasted.
const KEY_BEGINNINGS: [&str; 5] = ["ssh-", "ecdsa-", "sk-", "----", "\"ssh-"];

impl Terminal {
    /// Questions that come up in the middle of a connection.
    #[must_use]
    pub fn asker(&self) -> Asker {
        let look = self.look.clone();
        Asker {
            secret: Arc::new(|question| Some(Secret::new(prompt::hidden(question)))),
            trust: Arc::new(move |question| {
                say(&look.fold("", 0, question));
                loop {
                    let answer = prompt::line("Accept it and go on? [y]es / [n]o", Some("n"));
                    match answer.trim().to_ascii_lowercase().as_str() {
                        "y" | "yes" => return Some(Trust::Accept),
                        "" | "n" | "no" => return Some(Trust::Refuse),
                        _ => say("  ! Please answer y or n."),
                    }
                }
            }),
        }
    }

    /// Help above a question the first time; the reason above it when it is put again.
    fn introduce(&self, question: &Question) {
        match &question.refused {
            Some(refused) => say(&self.look.fold("  ! ", 4, refused)),
            None if question.help.is_empty() => {}
            None => say(&format!("\n{}", self.look.dim(&self.look.fold("", 0, question.help)))),
        }
    }
}

impl Ask for Terminal {
    fn text(&self, question: &Question) -> Result<String> {
        self.introduce(question);
        if question.id == Id::PublicKey {
            let started = |text: &str| KEY_BEGINNINGS.iter().any(|start| text.trim_start().starts_with(start));
            return Ok(prompt::lines(question.prompt, started, |text| {
                text.parse::<PublicKey>().is_ok()
            }));
        }
        Ok(prompt::line(question.prompt, question.default.as_deref()))
    }

    fn secret(&self, question: &Question, typing: Typing) -> Result<Secret> {
        self.introduce(question);
        loop {
            let first = Secret::new(prompt::hidden(question.prompt));
            // An empty answer is refused by whoever asks; nobody needs to give it twice.
            if typing == Typing::Once || first.reveal().is_empty() {
                return Ok(first);
            }
            if Secret::new(prompt::hidden("Once more")).reveal() == first.reveal() {
                return Ok(first);
            }
            say("  ! The two differ. Once more, please.");
        }
    }

    fn choose(&self, question: &Question, choices: &[&str]) -> Result<usize> {
        self.introduce(question);
        let first = question
            .default
            .as_deref()
            .and_then(|default| choices.iter().position(|choice| *choice == default));
        Ok(prompt::one_of(
            &self.look,
            question.prompt,
            choices,
            first.unwrap_or_default(),
        ))
    }
}
