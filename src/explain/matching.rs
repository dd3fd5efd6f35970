//! Which entry a text belongs to: by whole messages in which any words stand for names, else by the SQLSTATE, else by the
//! share of telling words.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// Words that say more than the messages around them; `words.toml` explains each list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Words {
    ours: BTreeSet<String>,
    others: BTreeSet<String>,
    before_state: BTreeSet<String>,
    accompanying: BTreeSet<String>,
}

/// The messages, and which of them have a word.
#[derive(Debug)]
pub(super) struct Index {
    known: Words,
    patterns: Vec<Pattern>,
    words: BTreeMap<String, Word>,
}

/// A word that stands in many messages has a small weight: it hardly helps to recognise one of them.
#[derive(Debug, Default)]
struct Word {
    weight: f64,
    patterns: Vec<usize>,
}

#[derive(Debug)]
struct Pattern {
    entry: usize,
    /// Which message of the entry it is.
    message: usize,
    /// The words between the gaps.
    parts: Vec<Vec<String>>,
    weight: f64,
}

/// A part of a message is taken for it when the words that fit weigh so much, …
const ENOUGH: f64 = 7.0;
/// … are such a share of the text, …
const SHARE_OF_TEXT: f64 = 0.7;
/// … and such a share of the words of the message.
const SHARE_OF_MESSAGE: f64 = 0.5;
/// What a word counts that stands in no message: it may be a name.
const UNKNOWN_WORD: f64 = 2.0;
/// The word before a SQLSTATE, in the table and in what is read.
const STATE: &str = "sqlstate";
/// What a message counts that accompanies others.
const LITTLE: f64 = 0.1;

impl Index {
    pub(super) fn new<'a>(known: Words, entries: impl Iterator<Item = &'a [String]>) -> Self {
        let mut patterns = Vec::new();
        for (entry, says) in entries.enumerate() {
            for (message, text) in says.iter().enumerate() {
                let parts = text.split("{}").map(|part| known.split(part));
                patterns.push(Pattern {
                    entry,
                    message,
                    parts: parts.filter(|part| !part.is_empty()).collect(),
                    weight: 0.0,
                });
            }
        }
        let mut words: BTreeMap<String, Word> = BTreeMap::new();
        for (at, pattern) in patterns.iter().enumerate() {
            for word in distinct(pattern.parts.iter().flatten()) {
                words.entry(word.clone()).or_default().patterns.push(at);
            }
        }
        let entries = patterns.last().map_or(0, |pattern| pattern.entry + 1);
        for word in words.values_mut() {
            let times: BTreeSet<usize> = word.patterns.iter().map(|at| patterns[*at].entry).collect();
            word.weight = (as_float(entries + 1) / as_float(times.len())).ln();
            for at in &word.patterns {
                patterns[*at].weight += word.weight;
            }
        }
        Self { known, patterns, words }
    }

    /// The entries that fit, each once and with the number of its message that fits, the best first.
    pub(super) fn find(&self, text: &str) -> Vec<(usize, usize)> {
        // Of a log in JSON, or of a program's source; and words that are broken over lines.
        let text = text.replace("\\n", "\n").replace("\\t", " ").replace("-\n", "");
        let lines = text.lines().map(|line| self.known.split(line));
        let lines: Vec<Vec<String>> = lines.filter(|line| !line.is_empty()).collect();
        let whole: Vec<String> = lines.concat();
        let names = |programs: &BTreeSet<String>| whole.iter().any(|word| programs.contains(word));
        if names(&self.known.others) && !names(&self.known.ours) {
            return Vec::new();
        }
        // Each line's best message counts, and so does one that is broken over lines.
        let texts = lines.iter().chain((lines.len() > 1).then_some(&whole));
        let mut found: Vec<(&Pattern, f64)> = texts.filter_map(|line| self.best(line)).collect();
        if found.is_empty() {
            found.extend(self.best_part(&whole));
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut entries = BTreeSet::new();
        found.retain(|(pattern, _)| entries.insert(pattern.entry));
        let numbers = found.into_iter().map(|(pattern, _)| (pattern.entry, pattern.message));
        numbers.collect()
    }

    /// The messages that share words with the text, and the weight of these words.
    fn sharing(&self, text: &[String]) -> impl Iterator<Item = (&Pattern, f64)> {
        let mut common = vec![0.0; self.patterns.len()];
        for word in distinct(text).filter_map(|word| self.words.get(word)) {
            word.patterns.iter().for_each(|at| common[*at] += word.weight);
        }
        self.patterns.iter().zip(common).filter(|(_, common)| *common > 0.0)
    }

    /// The message with the most telling words of those that stand in the text as a whole.
    fn best(&self, line: &[String]) -> Option<(&Pattern, f64)> {
        // Sums of the same weights may differ in the last digits.
        let whole = self
            .sharing(line)
            .filter(|(pattern, common)| common * 1.001 > pattern.weight && pattern.is_in(line));
        let is_little = |pattern: &Pattern| self.known.accompanying.contains(&pattern.parts[0][0]);
        let scored = whole.map(|(pattern, _)| (pattern, if is_little(pattern) { LITTLE } else { pattern.weight }));
        scored.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The message that shares the most telling words with the text, if it shares enough of them.
    fn best_part(&self, text: &[String]) -> Option<(&Pattern, f64)> {
        let weight = |word| self.words.get(word).map_or(UNKNOWN_WORD, |word| word.weight);
        let weight: f64 = text.iter().map(weight).sum();
        let fitting = self.sharing(text).filter(|(pattern, common)| {
            let (of_text, of_message) = (common / weight, common / pattern.weight);
            *common >= ENOUGH && of_text >= SHARE_OF_TEXT && of_message >= SHARE_OF_MESSAGE
        });
        // Of two messages with the same words the shorter one is nearer.
        let scored = fitting.map(|(pattern, common)| (pattern, common * common / pattern.weight));
        scored.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

impl Pattern {
    /// Whether all parts stand in the text, in their order. The last of several places is no better than the first.
    fn is_in(&self, text: &[String]) -> bool {
        let mut rest = text;
        self.parts.iter().all(|part| {
            let at = rest.windows(part.len()).position(|window| window == part);
            rest = at.map_or(rest, |at| &rest[at + part.len()..]);
            at.is_some()
        })
    }
}

impl Words {
    /// Words in lower case, without what stands between them: quotes, brackets and commas differ from program to program.
    /// `STATE` stands before each SQLSTATE.
    fn split(&self, text: &str) -> Vec<String> {
        let is_between = |c: char| !(c.is_alphanumeric() || c == '_');
        let split = || text.split(is_between).filter(|word| !word.is_empty());
        let is_alone = split().nth(1).is_none();
        let mut words: Vec<String> = Vec::new();
        for word in split() {
            let before = words.last().map_or("", String::as_str);
            let is_marked = is_alone || word.contains(char::is_alphabetic) || self.before_state.contains(before);
            if before != STATE && is_marked && is_state(word) {
                words.push(STATE.to_owned());
            }
            // unique_violation is UniqueViolation in Ruby and UniqueViolationError in Python.
            let word = word.to_lowercase().replace('_', "").replace("cancell", "cancel");
            let rest = word.strip_suffix("error").filter(|rest| rest.len() >= 10);
            words.push(rest.unwrap_or(&word).to_owned());
        }
        words
    }
}

fn is_state(word: &str) -> bool {
    let is_of_state = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    word.len() == 5 && word.bytes().all(is_of_state) && word.bytes().any(|byte| byte.is_ascii_digit())
}

fn distinct<'a>(words: impl IntoIterator<Item = &'a String>) -> impl Iterator<Item = &'a String> {
    words.into_iter().collect::<BTreeSet<_>>().into_iter()
}

/// Counts here are small.
fn as_float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
