//! Questions about settings, and those that come up while a connection is made.

use std::sync::Arc;

use anyhow::Result;

use super::Terminal;
use super::prompt;
use crate::ask::{Asker, Trust};
use crate::console::output::say;
use crate::public_key::PublicKey;
use crate::secret::Secret;
use crate::settings::SettingId;
use crate::settings::ask::{Answer, Answered, Ask, PreviousQuestion, Question, Typing};

/// How every form of a public key begins that can be pasted.
const KEY_BEGINNINGS: [&str; 5] = ["ssh-", "ecdsa-", "sk-", "----", "\"ssh-"];

impl Terminal {
    /// Questions that come up in the middle of a connection.
    pub(crate) fn asker(&self) -> Asker {
        let look = self.look.clone();
        let waiting = self.look.clone();
        Asker {
            tell: Arc::new(move |text| say(&waiting.fold("  ", 4, &format!("... {text}")))),
            attended: true,
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

/// What is typed to go back. A name that is really `<` can be given by its flag.
const BACK: &str = "<";

impl Ask for Terminal {
    fn text(&self, question: &Question) -> Result<Answer<String>> {
        self.introduce(question);
        if question.id == SettingId::PublicKey {
            let started = |text: &str| KEY_BEGINNINGS.iter().any(|start| text.trim_start().starts_with(start));
            let key = prompt::lines(question.prompt, started, |text| text.parse::<PublicKey>().is_ok());
            return Ok(said(question, key));
        }
        Ok(said(
            question,
            prompt::line(question.prompt, question.default.as_deref()),
        ))
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

    fn choose(&self, question: &Question, choices: &[&str]) -> Result<Answer<usize>> {
        self.introduce(question);
        let back = (question.before == PreviousQuestion::Something).then_some("(back to the question before)");
        let lines: Vec<&str> = choices.iter().copied().chain(back).collect();
        let chosen = prompt::one_of(&self.look, question.prompt, &lines);
        Ok(if chosen < choices.len() {
            Answer::This(chosen)
        } else {
            Answer::Back
        })
    }

    fn review(&self, answers: &[Answered]) -> Result<Option<usize>> {
        say(&format!("\n{}", self.look.bold("Your answers")));
        for (number, answered) in (1..).zip(answers) {
            let lead = format!("  {number:>2}  ");
            let line = format!(
                "{lead}{}{} {}",
                answered.prompt,
                prompt::colon(answered.prompt),
                answered.answer
            );
            say(&prompt::fitting(&line, self.look.width));
        }
        loop {
            let answer = prompt::line("Enter to go on, or the number of an answer to change", None);
            match answer.trim() {
                "" => return Ok(None),
                BACK => return Ok(Some(answers.len() - 1)),
                text => match text.parse::<usize>() {
                    Ok(number) if (1..=answers.len()).contains(&number) => return Ok(Some(number - 1)),
                    _ => say(&format!(
                        "  ! Please press Enter, or give a number from 1 to {}.",
                        answers.len()
                    )),
                },
            }
        }
    }
}

fn said(question: &Question, answer: String) -> Answer<String> {
    if question.before == PreviousQuestion::Something && answer.trim() == BACK {
        Answer::Back
    } else {
        Answer::This(answer)
    }
}
