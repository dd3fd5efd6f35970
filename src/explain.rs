//! `stitch-pg explain`: what an error message of Stitch, PostgreSQL, a driver, a pooler, ssh or sshd means. Works offline,
//! from the table in `explain/messages/`. docs/errors.md is written from the same table.

mod matching;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::word::words;
use matching::{Index, Words};

/// One entry of the table: messages that mean the same.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The messages; `{}` stands for any words.
    pub says: Vec<String>,
    /// The program that prints them.
    pub from: String,
    /// The part of the way from Stitch to a loaded table where it happens.
    pub hop: Origin,
    /// Why it happens, the likely causes first.
    pub causes: Vec<String>,
    /// The finding codes that `stitch-pg check` reports in these cases.
    pub codes: Vec<String>,
    /// The command or the place that shows which cause it is.
    pub check: String,
    /// What to do about it.
    pub fix: String,
}

words! {
    /// A part of the way from Stitch to a loaded table.
    #[derive(Deserialize, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Origin {
        /// Stitch's own side: its account, its plan, its API.
        Stitch = "Stitch's own side",
        /// From Stitch's addresses to the first host, an SSH server or the database.
        Network = "the network between Stitch and the first host",
        /// The login on the SSH server.
        SshLogin = "the login on the SSH server",
        /// From the SSH server to the database's port.
        Forward = "the connection from the SSH server to the database",
        /// The login into PostgreSQL, TLS included.
        Login = "the login into PostgreSQL",
        /// The statements of a load.
        Load = "a statement of a load",
    }
}

/// The messages that `explain` knows.
#[derive(Debug)]
pub struct Table {
    messages: Vec<Message>,
    index: Index,
}

#[derive(Deserialize)]
struct File {
    #[serde(flatten)]
    words: Words,
    message: Vec<Message>,
}

/// The words, and the messages in the order of docs/errors.md.
const TABLE: &str = concat!(
    include_str!("explain/words.toml"),
    include_str!("explain/messages/path.toml"),
    include_str!("explain/messages/ssh.toml"),
    include_str!("explain/messages/login.toml"),
    include_str!("explain/messages/load.toml"),
);

/// What fits a text.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The message of the entry that fits, with `{}` for any words.
    pub message: &'a str,
    /// The message of the table that fits.
    #[serde(flatten)]
    pub entry: &'a Message,
}

/// More explanations than this are not helpful.
const MOST: usize = 3;

impl Table {
    /// The table that is part of the program.
    ///
    /// # Panics
    /// Never: a unit test reads the same text.
    pub fn built_in() -> Self {
        let file: File = toml::from_str(TABLE).expect("the table is read by a unit test");
        let index = Index::new(file.words, file.message.iter().map(|message| message.says.as_slice()));
        Self {
            messages: file.message,
            index,
        }
    }

    /// The entries that fit a text, the best first. The text may be one message, a part of one, or some lines of a log.
    /// Empty when none fits.
    pub fn explain(&self, text: &str) -> Vec<Explanation<'_>> {
        let explanation = |(entry, message): (usize, usize)| Explanation {
            message: &self.messages[entry].says[message],
            entry: &self.messages[entry],
        };
        self.index.find(text).into_iter().take(MOST).map(explanation).collect()
    }

    /// The page docs/errors.md.
    pub fn markdown(&self) -> String {
        let mut page = INTRODUCTION.to_owned();
        for place in Origin::ALL {
            let _ = writeln!(page, "\n## At {}", place.as_str());
            for message in self.messages.iter().filter(|message| message.hop == place) {
                let says = message.says.join("\n").replace("{}", "…");
                let first = says.lines().next().unwrap_or_default();
                let from = &message.from;
                let _ = writeln!(page, "\n### `{first}`\n\n```text\n{says}\n```\n\nFrom: {from}.\n");
                for (at, cause) in message.causes.iter().enumerate() {
                    let _ = writeln!(page, "{}. {cause}", at + 1);
                }
                let _ = writeln!(page, "\n- Check: `{}`\n- Fix: {}", message.check, message.fix);
                if !message.codes.is_empty() {
                    let _ = writeln!(page, "- Findings: `{}`", message.codes.join("`, `"));
                }
            }
        }
        page
    }
}

const INTRODUCTION: &str = "\
# Error messages

<!-- Written by `explain::Table::markdown()`; tests/docs.rs compares, and writes it anew with UPDATE_DOCS=1. -->

Search this page for the message that you got. `stitch-pg explain \"MESSAGE\"` finds it for you, also when names and numbers
differ or a part is missing. `…` stands for a name, an address or a number. The pages on [findings](troubleshooting.md)
explain the codes.
";

/// The explanations as text for the reader.
pub fn as_text(found: &[Explanation<'_>]) -> String {
    let texts: Vec<String> = found.iter().map(one).collect();
    if texts.is_empty() {
        return UNKNOWN.to_owned();
    }
    texts.join("\nAnother message in this text:\n\n")
}

const UNKNOWN: &str = "\
stitch-pg does not know this message.
Next: stitch-pg check   tests the whole connection and shows the problems.
";

fn one(explanation: &Explanation<'_>) -> String {
    let message = explanation.entry;
    let mut text = format!(
        "{}\n  From:  {}\n  Where: {}\n\nLikely causes, the most likely first:\n",
        explanation.message.replace("{}", "…"),
        message.from,
        message.hop.as_str()
    );
    for (at, cause) in message.causes.iter().enumerate() {
        let _ = writeln!(text, "  {}. {cause}", at + 1);
    }
    let _ = writeln!(text, "\nCheck: {}\nFix:   {}", message.check, message.fix);
    if !message.codes.is_empty() {
        let _ = writeln!(text, "Findings of stitch-pg check: {}", message.codes.join(", "));
    }
    text
}

/// An explanation for a program: `known`, and the entries as the table has them.
pub fn as_json(found: &[Explanation<'_>]) -> String {
    let document = serde_json::json!({ "schema_version": 1, "known": !found.is_empty(), "explanations": found });
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests;
