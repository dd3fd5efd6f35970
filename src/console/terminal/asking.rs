//! Questions about settings, and those that come up while a connection is made.

use std::sync::Arc;

use console::{Term, measure_text_width};

use super::answers::MenuAnswer;
use super::bar::Waiting;
use super::lists::{self, Preselected};
use super::prompt;
use super::{Enter, Terminal};
use crate::ask::{Asker, Trust};
use crate::console::output::say;
use crate::console::style::Cursor;
use crate::finding::Verdict;
use crate::public_key::PublicKey;
use crate::secret::Secret;
use crate::settings::ask::{Answer, PreviousQuestion, Question, Row, Typing};
use crate::settings::{SettingId, pasted};
use crate::visible;

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
                let accepts = Self::agrees("Accept it and continue?", Enter::No);
                Some(if accepts { Trust::Accept } else { Trust::Refuse })
            }),
        }
    }

    /// Help above a question the first time; the reason above it when it is put again.
    fn introduce(&self, question: &Question) {
        match &question.refused {
            Some(refused) => say(&self.look.fold("  ! ", 4, refused)),
            None if question.help.is_empty() || !self.is_new(question.help) => {}
            None => say(&self.look.dim(&self.look.fold("", 0, question.help))),
        }
        if question.refused.is_none() {
            for (number, offered) in (1..).zip(&question.offered) {
                say(&format!("  {number}) {}", visible::one_line(offered)));
            }
        }
    }

    /// Whether a help was not said before.
    fn is_new(&self, help: &'static str) -> bool {
        let mut said = self.helped.borrow_mut();
        let is_new = !said.contains(&help);
        said.extend(is_new.then_some(help));
        is_new
    }

    /// A line in which a password stands is drawn over, and put again without it.
    fn hide_password(&self, question: &Question, answer: &str) {
        let Some(masked) = pasted::masked(answer).filter(|_| question.id == SettingId::Host) else {
            return;
        };
        let prompt = format!("{}{}: ", question.prompt, prompt::brackets(question.default.as_deref()));
        if self.look.cursor == Cursor::Moves {
            let columns = usize::from(Term::stderr().size().1).max(1);
            let letters = measure_text_width(&prompt) + measure_text_width(answer);
            let _ = Term::stderr().clear_last_lines(letters.div_ceil(columns));
        }
        say(&format!("{prompt}{}", visible::one_line(&masked)));
    }
}

/// What is typed to go back. A name that is really `<` can be given by its flag.
const BACK: &str = "<";

impl Terminal {
    pub(crate) fn text(&self, question: &Question) -> Answer<String> {
        self.introduce(question);
        if question.id == SettingId::PublicKey {
            let started = |text: &str| KEY_BEGINNINGS.iter().any(|start| text.trim_start().starts_with(start));
            let key = prompt::lines(question.prompt, started, |text| text.parse::<PublicKey>().is_ok());
            return said(question, key);
        }
        loop {
            match prompt::line_or_back(question.prompt, question.default.as_deref()) {
                Some(answer) if answer.trim() == "?" => say(&self.look.fold("", 0, question.help)),
                Some(answer) => {
                    self.hide_password(question, &answer);
                    return said(question, answer);
                }
                None if question.before == PreviousQuestion::Something => return Answer::Back,
                None => {}
            }
        }
    }

    pub(crate) fn secret(&self, question: &Question, typing: Typing) -> Secret {
        self.introduce(question);
        loop {
            let first = Secret::new(prompt::hidden(question.prompt));
            // The caller refuses an empty answer, so it is not asked for a second time.
            if typing == Typing::Once || first.reveal().is_empty() {
                return first;
            }
            if Secret::new(prompt::hidden("Once more")).reveal() == first.reveal() {
                return first;
            }
            say("  ! The two passwords differ. Type it again.");
        }
    }

    pub(crate) fn choose_one(&self, question: &Question, choices: &[&str]) -> Answer<usize> {
        self.introduce(question);
        let back = (question.before == PreviousQuestion::Something).then_some("(back to the question before)");
        let lines: Vec<&str> = choices.iter().copied().chain(back).collect();
        let first = match question.default {
            Some(_) => Preselected::First,
            None => Preselected::Nothing,
        };
        loop {
            match lists::one_of(&self.look, question.prompt, &lines, first) {
                Some(chosen) if chosen < choices.len() => return Answer::This(chosen),
                None if back.is_none() => {}
                _ => return Answer::Back,
            }
        }
    }
}

/// What you do with the table of settings.
pub(crate) enum Review {
    Continue,
    /// Keeps the settings for the next run, and continues.
    Save,
    /// Gives this one anew.
    Change(usize),
    /// Wants to see the statements.
    Show,
    /// Wants files for others.
    Write,
}

impl Terminal {
    /// The table of settings.
    pub(crate) fn table(&self, rows: &[Row]) {
        say(&format!("\n{}", self.look.bold("Settings")));
        let widest = |text: fn(&Row) -> &str| {
            rows.iter()
                .map(|row| measure_text_width(text(row)))
                .max()
                .unwrap_or_default()
        };
        let room = self.look.width().saturating_sub(23 + widest(|row| row.source));
        let width = widest(|row| &row.value).min(room);
        for (number, row) in (1..).zip(rows) {
            let value = lists::fitting(&visible::one_line(&row.value), width);
            let line = format!("{number:>3}  {:<15} {value:<width$}  {}", row.label, row.source);
            say(&lists::fitting(&line, self.look.width()));
        }
    }

    /// What to do with it. `file`: where Enter saves the settings, if it does.
    pub(crate) fn after_table(&self, rows: usize, file: Option<&str>) -> Review {
        let (enter, letters) = match file {
            Some(file) => {
                let save = format!("Enter to save these to ./{file} (no secrets) and continue, [d]o not save,");
                (save, "d, s")
            }
            None => ("Enter to continue,".to_owned(), "s"),
        };
        let question = format!("{enter} number to change, [s]how SQL, [w]rite files, [q]uit");
        let question = self.look.fold("", 0, &question);
        loop {
            let typed = prompt::line_or_back(&question, None).unwrap_or_else(|| BACK.to_owned());
            match typed.trim().to_ascii_lowercase().as_str() {
                "" if file.is_some() => return Review::Save,
                "" => return Review::Continue,
                "d" if file.is_some() => return Review::Continue,
                BACK => return Review::Change(rows - 1),
                "s" => return Review::Show,
                "w" => return Review::Write,
                "q" => prompt::stop(),
                text => match text.parse::<usize>() {
                    Ok(number) if (1..=rows).contains(&number) => return Review::Change(number - 1),
                    _ => say(&format!(
                        "  ! Please press Enter, or answer with a number from 1 to {rows}, {letters}, w or q."
                    )),
                },
            }
        }
    }

    /// A question of yes or no, and what Enter alone means.
    pub(crate) fn agrees(question: &str, enter: Enter) -> bool {
        let (yes, no, alone) = enter.letters();
        loop {
            let answer = prompt::line(&format!("{question} {yes} / {no}:"), None);
            match MenuAnswer::of(&answer, alone) {
                Some(MenuAnswer::Yes) => return true,
                Some(MenuAnswer::No) => return false,
                _ => say("  ! Please answer y or n."),
            }
        }
    }

    /// One line of what is wrong, one of what to do.
    pub(crate) fn refused(&self, text: &str, advice: Option<&str>) {
        let look = &self.look;
        say(&look.fold(
            &format!("  {} ", look.verdict(Verdict::Bad)),
            4,
            &visible::one_line(text),
        ));
        if let Some(advice) = advice {
            say(&look.fold("    Next: ", 6, advice.lines().next().unwrap_or_default()));
        }
    }

    /// Something that went well.
    pub(crate) fn passed(&self, text: &str) {
        let lead = format!("  {} ", self.look.done());
        say(&self.look.fold(&lead, 4, &visible::one_line(text)));
    }

    /// Shows that something takes its time, until what is answered is dropped.
    pub(crate) fn waiting(&self, text: &str) -> Waiting {
        Waiting::new(&self.look, text)
    }

    /// The questions that come up while a connection is made, with the sign of waiting out of their way.
    pub(crate) fn asker_beside(&self, waiting: &Waiting) -> Asker {
        let asker = self.asker();
        let (secret, trust) = (Arc::clone(&asker.secret), Arc::clone(&asker.trust));
        let (first, second) = (waiting.clone(), waiting.clone());
        Asker {
            secret: Arc::new(move |question| first.aside(|| secret(question))),
            trust: Arc::new(move |question| second.aside(|| trust(question))),
            ..asker
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
