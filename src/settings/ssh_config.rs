//! The SSH client's configuration, read as `ssh` reads it (its `readconf.c`): the first value of a keyword counts, an `Include`
//! stands where it is written, and words are quoted as there. `Match` blocks are passed over: a criterion may be a command.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::pattern;

/// Files within files, as ssh has it.
const MAX_DEPTH: usize = 16;
/// No configuration is so long.
const MAX_BYTES: u64 = 4 << 20;

/// What is used. Whatever stands behind another keyword is passed over, whether or not this machine's `ssh` would take it.
const USED: [&str; 11] = [
    "globalknownhostsfile",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "port",
    "proxycommand",
    "proxyjump",
    "user",
    "userknownhostsfile",
];

/// A line that counts for the host.
#[derive(Debug)]
pub(super) struct Entry {
    keyword: String,
    pub(super) words: Vec<String>,
    /// `FILE:LINE: KEYWORD`, for messages.
    pub(super) place: String,
}

/// What the files say about one host.
#[derive(Debug, Default)]
pub(super) struct ClientConfig(Vec<Entry>);

impl ClientConfig {
    /// The person's file, then the system's; those that are not there say nothing.
    pub(super) fn read(home: &Path, system: &Path, host: &str) -> Result<Self> {
        let mut reader = Reader {
            host,
            home,
            is_active: true,
            entries: Vec::new(),
        };
        let folder = home.join(".ssh");
        reader.file(&folder.join("config"), &folder, Whose::Own, (Scope::Open, 0))?;
        if let Some(folder) = system.parent() {
            reader.is_active = true;
            reader.file(system, folder, Whose::System, (Scope::Open, 0))?;
        }
        Ok(Self(reader.entries))
    }

    /// The line that counts.
    pub(super) fn first(&self, keywords: &[&str]) -> Option<&Entry> {
        self.0.iter().find(|entry| keywords.contains(&entry.keyword.as_str()))
    }

    /// The value of a keyword that has one.
    pub(super) fn value(&self, keyword: &str) -> Result<Option<(&str, &Entry)>> {
        let Some(entry) = self.first(&[keyword]) else {
            return Ok(None);
        };
        ensure!(entry.words.len() == 1, "{} takes one value", entry.place);
        Ok(Some((&entry.words[0], entry)))
    }

    /// Every line of a keyword that adds up.
    pub(super) fn all(&self, keyword: &str) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| entry.keyword == keyword)
    }
}

impl Entry {
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.keyword == keyword
    }
}

/// Whose file it is: ssh refuses one that others could have written, but for the system's own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    System,
}

/// Where an `Include` stands: within a block that does not count nothing does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Open,
    Closed,
}

struct Reader<'a> {
    host: &'a str,
    home: &'a Path,
    is_active: bool,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path, folder: &Path, whose: Whose, (scope, depth): (Scope, usize)) -> Result<()> {
        ensure!(
            depth <= MAX_DEPTH,
            "{}: too many files include each other",
            path.display()
        );
        let Some(text) = read(path, whose).with_context(|| format!("cannot read {}", path.display()))? else {
            return Ok(());
        };
        for (number, line) in text.lines().enumerate() {
            let Some((keyword, rest)) = split_keyword(line) else {
                continue;
            };
            let place = || format!("{}:{}: {keyword}", path.display(), number + 1);
            let keyword = keyword.to_ascii_lowercase();
            match keyword.as_str() {
                "match" => self.is_active = false,
                "host" => {
                    let patterns = words(rest).with_context(place)?;
                    self.is_active =
                        scope == Scope::Open && pattern::list_matches(patterns.iter().map(String::as_str), self.host);
                }
                "include" => {
                    let (before, inner) = (self.is_active, if self.is_active { scope } else { Scope::Closed });
                    for pattern in words(rest).with_context(place)? {
                        for file in self.included(&pattern, folder) {
                            self.file(&file, folder, Whose::Own, (inner, depth + 1))?;
                            self.is_active = before;
                        }
                    }
                }
                _ if self.is_active && USED.contains(&keyword.as_str()) => {
                    let is_raw = matches!(keyword.as_str(), "proxycommand" | "proxyjump");
                    let words = if is_raw {
                        vec![rest.to_owned()]
                    } else {
                        words(rest).with_context(place)?
                    };
                    if words.iter().all(String::is_empty) {
                        bail!("{} has no value", place());
                    }
                    let place = place();
                    self.entries.push(Entry { keyword, words, place });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The files of an `Include`, in order; what does not exist is passed over.
    fn included(&self, pattern: &str, folder: &Path) -> Vec<PathBuf> {
        let path = match pattern.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None => folder.join(pattern),
        };
        let options = glob::MatchOptions {
            require_literal_separator: true,
            require_literal_leading_dot: true,
            ..glob::MatchOptions::new()
        };
        let found = glob::glob_with(&path.to_string_lossy(), options);
        found.map(|paths| paths.flatten().collect()).unwrap_or_default()
    }
}

/// `None`: the file does not exist.
fn read(path: &Path, whose: Whose) -> Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let found = file.metadata()?;
    let own = rustix::process::geteuid().as_raw();
    ensure!(
        whose == Whose::System || ((found.uid() == 0 || found.uid() == own) && found.mode() & 0o022 == 0),
        "other users can write it, so ssh does not use it either; run chmod go-w, or make yourself its owner"
    );
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The keyword, and what stands behind it and perhaps one `=`. `None`: an empty line or a comment.
fn split_keyword(line: &str) -> Option<(&str, &str)> {
    let blank = [' ', '\t', '\r', '\x0c'];
    let line = line.trim_matches(blank);
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find([' ', '\t', '=', '"']).unwrap_or(line.len());
    let rest = line[end..].trim_start_matches(blank);
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    Some((&line[..end], rest.trim_start_matches(blank)))
}

/// As ssh splits them: quotes of both kinds, a backslash in front of a quote, of itself or of a space, and a comment where a
/// word could begin.
fn words(text: &str) -> Result<Vec<String>> {
    let mut all = Vec::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        if letters.peek().is_none_or(|c| *c == '#') {
            return Ok(all);
        }
        let (mut word, mut quote) = (String::new(), None);
        while let Some(c) = letters.next_if(|c| quote.is_some() || !matches!(c, ' ' | '\t')) {
            let guarded = |next: &char| matches!(next, '\'' | '"' | '\\') || (*next == ' ' && quote.is_none());
            match c {
                '\\' => word.push(letters.next_if(guarded).unwrap_or('\\')),
                '"' | '\'' if quote.is_none() => quote = Some(c),
                c if quote == Some(c) => quote = None,
                c => word.push(c),
            }
        }
        ensure!(quote.is_none(), "a quote has no end");
        all.push(word);
    }
}
