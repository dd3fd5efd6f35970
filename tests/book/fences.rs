//! The fenced blocks of a page, and which of them are commands that are run.

use crate::book::{Page, pages};

/// How a block begins that is shown only.
const NOT_RUN: &str = "# Not run by the tests";

/// What may stand behind the three backquotes.
const LANGUAGES: [&str; 8] = ["sh", "text", "toml", "yaml", "json", "sql", "rust", "markdown"];

pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
    /// The line of its first backquotes.
    pub(crate) line: usize,
}

impl Block {
    pub(crate) fn is_run(&self) -> bool {
        self.language == "sh" && !self.text.starts_with(NOT_RUN)
    }
}

/// How many backquotes a line begins with, if they open or close a block, and what stands behind them.
fn fence(line: &str) -> Option<(usize, &str)> {
    let line = line.trim_start();
    let behind = line.trim_start_matches('`');
    let count = line.len() - behind.len();
    (count >= 3).then(|| (count, behind.trim()))
}

pub(crate) fn blocks(page: &Page) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // A block is closed by as many backquotes as opened it: a page can be shown in a page.
    let mut open = None;
    for (index, line) in page.text.lines().enumerate() {
        match (fence(line), open) {
            (Some((count, "")), Some(opened)) if count >= opened => open = None,
            (Some((count, language)), None) => {
                open = Some(count);
                blocks.push(Block {
                    language: language.to_owned(),
                    text: String::new(),
                    line: index + 1,
                });
            }
            (_, Some(_)) => {
                let block = blocks.last_mut().expect("one was opened");
                block.text += line;
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert_eq!(open, None, "{}: a block does not end", page.name());
    blocks
}

/// A command cannot escape being run by being called something else.
#[test]
fn commands_are_marked_as_such() {
    for page in pages() {
        for block in blocks(&page) {
            let place = format!("{}:{}", page.name(), block.line);
            assert!(
                LANGUAGES.contains(&block.language.as_str()),
                "{place}: a block of {:?}; say one of {LANGUAGES:?}",
                block.language
            );
            let known = stitch_pg::cli::command();
            let is_command = |line: &&str| {
                let word = line.strip_prefix("stitch-pg ").and_then(|rest| rest.split(' ').next());
                word.is_some_and(|word| word.starts_with('-') || known.find_subcommand(word).is_some())
            };
            let command = block.text.lines().find(is_command);
            if let Some(command) = command.filter(|_| block.language != "sh") {
                panic!("{place}: mark it as sh, or begin it with {NOT_RUN:?} and why: {command}");
            }
        }
    }
}
