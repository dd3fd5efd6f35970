//! Exact output: what is printed must be what a file under `tests/*/golden/` holds.
//!
//! `UPDATE_GOLDEN=1 cargo test` writes the files anew; read the difference before you commit it.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Compares with `tests/NAME`, or writes it.
#[track_caller]
pub(crate) fn compare(name: &str, text: &str) {
    let text = with_a_steady_digest(&but_for_the_firewall_here(text));
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, &text))
            .expect("the checkout can be written");
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        wanted == text,
        "not what tests/{name} holds (UPDATE_GOLDEN=1 writes it anew)\n--- wanted\n{wanted}\n--- found\n{text}"
    );
}

/// With the same first part in every digest of a plan: it differs from server to server.
fn with_a_steady_digest(text: &str) -> String {
    let is_hex = |part: &str, digits| part.len() == digits && part.chars().all(|char| char.is_ascii_hexdigit());
    let words = text.split(|char: char| char != '.' && !char.is_ascii_hexdigit());
    let digests = words.filter_map(|word| {
        let (whole, parts) = word.split_once('.')?;
        (is_hex(whole, 16) && parts.split('.').all(|part| is_hex(part, 4))).then_some(whole)
    });
    digests.fold(text.to_owned(), |text, whole| text.replace(whole, "45fcb8edf7740294"))
}

/// Without what is good about the firewall of the machine that the tests run on: not every machine has one to check.
fn but_for_the_firewall_here(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let of_json = line.trim() == "{"
            && lines
                .peek()
                .is_some_and(|next| next.contains("\"code\": \"firewall-open\""));
        if of_json {
            lines.by_ref().find(|line| line.trim().starts_with('}'));
        } else if line.contains("the firewall on ") && line.contains(" allows this address") {
            let indent = line.len() - line.trim_start().len() + 2;
            let belongs = |next: &&str| next.len() - next.trim_start().len() >= indent;
            while lines.next_if(belongs).is_some() {}
        } else {
            kept.push_str(line);
        }
    }
    kept
}

/// The text without what differs from run to run: times, versions, and what the caller names.
pub(crate) fn masked(text: &str, others: &[(&str, &str)]) -> String {
    let mut text = others
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    text = without_times(&text);
    for unit in [" ms", " kB", " of 100 connections"] {
        text = after_number(&text, unit, "N");
    }
    for key in ["\"elapsed_ms\": ", "\"version_num\": "] {
        text = number_after(&text, key, "0");
    }
    text
}

/// `(12 ms)` becomes `(N ms)`, on one line with the words before it: where it is folded depends on the number of digits.
fn without_times(text: &str) -> String {
    let mut parts = text.split("ms)");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number = masked.trim_end();
        let before = number.trim_end_matches(|char: char| char.is_ascii_digit());
        match before.strip_suffix('(') {
            Some(words) if before.len() < number.len() => {
                masked.truncate(words.trim_end().len());
                masked.push_str(" (N ms)");
            }
            _ => masked.push_str("ms)"),
        }
        masked.push_str(part);
    }
    masked
}

/// Replaces the digits before `unit`.
fn after_number(text: &str, unit: &str, with: &str) -> String {
    let parts: Vec<&str> = text.split(unit).collect();
    let last = parts.len() - 1;
    let masked = parts.iter().enumerate().map(|(index, part)| {
        let kept = part.trim_end_matches(|char: char| char.is_ascii_digit());
        if index < last && kept.len() < part.len() {
            format!("{kept}{with}")
        } else {
            (*part).to_owned()
        }
    });
    masked.collect::<Vec<_>>().join(unit)
}

/// Replaces the digits behind `key`.
fn number_after(text: &str, key: &str, with: &str) -> String {
    let masked = text.split(key).enumerate().map(|(index, part)| {
        let rest = part.trim_start_matches(|char: char| char.is_ascii_digit());
        if index > 0 && rest.len() < part.len() {
            format!("{with}{rest}")
        } else {
            part.to_owned()
        }
    });
    masked.collect::<Vec<_>>().join(key)
}
