//! Which entry a text belongs to: by whole messages in which any words stand for names, else by the share of telling words.

use std::collections::{BTreeMap, BTreeSet};

/// A word's weight is how much it tells: words that stand in many messages tell little.
#[derive(Debug)]
pub(super) struct Index {
    patterns: Vec<Pattern>,
    weights: BTreeMap<String, f64>,
}

#[derive(Debug)]
struct Pattern {
    entry: usize,
    /// Which message of the entry it is.
    message: usize,
    /// The words between the gaps.
    parts: Vec<Vec<String>>,
}

/// A part of a message is taken for it when the words that fit weigh so much, …
const ENOUGH: f64 = 7.0;
/// … are such a share of the text, …
const SHARE_OF_TEXT: f64 = 0.7;
/// … and such a share of the words of the message.
const SHARE_OF_MESSAGE: f64 = 0.5;
/// What a word counts that stands in no message: it may be a name.
const UNKNOWN_WORD: f64 = 2.0;
/// A shorter text that is a piece of a message, word for word, needs so many words.
const PIECE: usize = 3;

impl Index {
    pub(super) fn new<'a>(entries: impl Iterator<Item = &'a [String]>) -> Self {
        let mut patterns = Vec::new();
        for (entry, says) in entries.enumerate() {
            for (message, text) in says.iter().enumerate() {
                let parts = text.split("{}").map(words).filter(|part| !part.is_empty());
                patterns.push(Pattern {
                    entry,
                    message,
                    parts: parts.collect(),
                });
            }
        }
        let mut seen_in: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for pattern in &patterns {
            for word in pattern.parts.iter().flatten() {
                seen_in.entry(word.clone()).or_default().insert(pattern.entry);
            }
        }
        let entries = patterns.last().map_or(0, |pattern| pattern.entry + 1);
        let weight = |times: usize| (as_float(entries + 1) / as_float(times)).ln();
        let weights = seen_in
            .into_iter()
            .map(|(word, entries)| (word, weight(entries.len())))
            .collect();
        Self { patterns, weights }
    }

    /// The entries that fit, each once and with the number of its message that fits, the best first.
    pub(super) fn find(&self, text: &str) -> Vec<(usize, usize)> {
        let lines: Vec<Vec<String>> = text.lines().map(words).filter(|line| !line.is_empty()).collect();
        let whole: Vec<String> = lines.concat();
        // Each line's best message counts, and so does one that is broken over lines.
        let texts = lines.iter().chain((lines.len() > 1).then_some(&whole));
        let mut best: BTreeMap<usize, (f64, usize)> = BTreeMap::new();
        for (pattern, score) in texts.filter_map(|line| self.best(line)) {
            let known = best.entry(pattern.entry).or_default();
            if score > known.0 {
                *known = (score, pattern.message);
            }
        }
        if best.is_empty() {
            let part = self.best_part(&whole).into_iter();
            best.extend(part.map(|(pattern, score)| (pattern.entry, (score, pattern.message))));
        }
        let mut found: Vec<(usize, (f64, usize))> = best.into_iter().collect();
        found.sort_by(|a, b| b.1.0.total_cmp(&a.1.0));
        found
            .into_iter()
            .map(|(entry, (_, message))| (entry, message))
            .collect()
    }

    /// The message with the most telling words of those that stand in the text as a whole.
    fn best(&self, line: &[String]) -> Option<(&Pattern, f64)> {
        let fitting = self.patterns.iter().filter(|pattern| pattern.is_in(line));
        let scored = fitting.map(|pattern| (pattern, self.weigh(pattern.parts.iter().flatten())));
        scored.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The message that shares the most telling words with the text, if it shares enough of them.
    fn best_part(&self, text: &[String]) -> Option<(&Pattern, f64)> {
        let fitting = self.patterns.iter().filter(|pattern| self.is_part(pattern, text));
        let scored = fitting.map(|pattern| {
            let common = self.common(pattern, text);
            // Of two messages with the same words the shorter one is nearer.
            (pattern, common * common / self.weigh(pattern.parts.iter().flatten()))
        });
        scored.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Whether the text is a part of the message, or has most of its words.
    fn is_part(&self, pattern: &Pattern, text: &[String]) -> bool {
        let is_piece = text.len() >= PIECE && pattern.parts.iter().any(|part| position(part, text).is_some());
        let common = self.common(pattern, text);
        let unknown = text.iter().filter(|word| !self.weights.contains_key(*word)).count();
        let of_text = common / (self.weigh(text) + UNKNOWN_WORD * as_float(unknown)).max(f64::MIN_POSITIVE);
        let of_message = common / self.weigh(pattern.parts.iter().flatten()).max(f64::MIN_POSITIVE);
        is_piece || (common >= ENOUGH && of_text >= SHARE_OF_TEXT && of_message >= SHARE_OF_MESSAGE)
    }

    /// The weight of the words that both have.
    fn common(&self, pattern: &Pattern, text: &[String]) -> f64 {
        let text: BTreeSet<&String> = text.iter().collect();
        let words: BTreeSet<&String> = pattern.parts.iter().flatten().collect();
        self.weigh(words.into_iter().filter(|word| text.contains(word)))
    }

    fn weigh<'a>(&self, words: impl IntoIterator<Item = &'a String>) -> f64 {
        words.into_iter().filter_map(|word| self.weights.get(word)).sum()
    }
}

impl Pattern {
    /// Whether all parts stand in the text, in their order. The last of several places is no better than the first.
    fn is_in(&self, text: &[String]) -> bool {
        let mut rest = text;
        for part in &self.parts {
            match position(rest, part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        !self.parts.is_empty()
    }
}

fn position(text: &[String], part: &[String]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// Words in lower case, without what stands between them: quotes, brackets and commas differ from program to program.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Counts here are small.
fn as_float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
