//! A line of the SSH client's configuration, split as ssh splits it, and the files that an `Include` names.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::Reader;
use crate::names::Port;
use crate::settings::ssh_tokens::Tokens;

/// The keyword, and what stands behind it and perhaps one `=`. `None`: an empty line or a comment.
pub(super) fn split_keyword(line: &str) -> Option<(&str, &str)> {
    let blank = [' ', '\t', '\r', '\x0c'];
    let line = line.trim_matches(blank);
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    if let Some((keyword, rest)) = line.strip_prefix('"').and_then(|line| line.split_once('"')) {
        return Some((keyword, rest.trim_start_matches(blank)));
    }
    let (keyword, rest) = line.split_at(line.find([' ', '\t', '=', '"']).unwrap_or(line.len()));
    let rest = rest.trim_start_matches(blank);
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    Some((keyword, rest.trim_start_matches(blank)))
}

/// As ssh splits them: quotes of both kinds, a backslash in front of a quote, of itself or of a space, and a comment where a
/// word could begin.
pub(super) fn words(text: &str) -> Result<Vec<String>> {
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

/// The tokens of a `HostName`.
pub(super) fn host_name(text: &str, typed: &str) -> Result<String> {
    let parts: Vec<String> = text.split("%%").map(|part| part.replace("%h", typed)).collect();
    ensure!(
        !text.replace("%%", "").replace("%h", "").contains('%'),
        "{text:?} may contain only %h and %%"
    );
    Ok(parts.join("%"))
}

/// Whether a word is one of a list in one text.
pub(super) fn is_one_of(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

impl Reader<'_> {
    /// The pattern of an `Include`, with the tokens and variables that OpenSSH 9.9 and newer put in.
    pub(super) fn expanded(&self, pattern: &str) -> Result<String> {
        if !pattern.contains('%') && !pattern.contains("${") {
            return Ok(pattern.to_owned());
        }
        let (host, user) = self.found()?;
        let tokens = Tokens {
            options: self.asked.options,
            host: &host,
            typed: self.asked.host,
            known_as: self.value("hostkeyalias")?.unwrap_or(self.asked.host),
            port: self
                .value("port")?
                .and_then(|port| port.parse().ok())
                .unwrap_or(Port::SSH),
            user: &user,
        };
        tokens.expanded(pattern)
    }

    /// The files of an `Include`, in order; what does not exist is passed over.
    pub(super) fn included(&self, pattern: &str, folder: &Path) -> Vec<PathBuf> {
        let path = match pattern.strip_prefix("~/") {
            Some(rest) => self.asked.options.home.join(rest),
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
