//! The table in docs/how-it-decides.md, printed from the rows.

use std::fmt::Write as _;
use std::path::Path;

use crate::truth::play::{Admin, Claim, Played};

/// Where the printed part begins.
const HEADING: &str = "## What is reported, and what then happens";

const INTRODUCTION: &str = "
<!-- Written by tests/truth; it compares, and writes it anew with UPDATE_DOCS=1 cargo test --test it truth::. -->

Each row was tested on PostgreSQL 10 and 13 to 18, with a superuser's login and with one that has CREATEDB and CREATEROLE (rows about a
superuser's objects with the former only). The test creates the state, runs `plan`, `setup` and `check`, and then a load as Stitch's role,
or the row's own operation as another role. It fails if report and result disagree. *unsure*: the finding's verdict is *unknown*.

| state of the server | what is reported | what happens |
|---|---|---|
";

/// The rows as a superuser saw them.
pub(crate) fn of_a_superuser(played: &[Played]) -> Vec<&Played> {
    played.iter().filter(|one| one.admin == Admin::Superuser).collect()
}

/// The whole part.
pub(crate) fn text(rows: &[&Played]) -> String {
    let mut text = format!("{HEADING}\n{INTRODUCTION}");
    for one in rows {
        let said = match &one.claim {
            Claim::Fine => "no finding".to_owned(),
            Claim::Unsure(codes) => format!("unsure: {}", list(codes)),
            Claim::Refused(codes) => list(codes),
        };
        let happened = match &one.refused {
            None => "it works".to_owned(),
            Some((_, words)) => words.replace('|', "\\|"),
        };
        let _ = writeln!(text, "| {} | {said} | {} |", one.row.state, without_numbers(&happened));
    }
    text
}

fn list(codes: &[String]) -> String {
    let mut codes: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(", ")
}

/// The names of the rows' own schemas say nothing to a reader, and change with every new row.
fn without_numbers(words: &str) -> String {
    let mut shown = String::new();
    let mut letters = words.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        if letter == 'r' && !before.is_alphanumeric() && letters.peek().is_some_and(char::is_ascii_digit) {
            while letters.next_if(char::is_ascii_digit).is_some() {}
            shown.push_str("shop");
            before = 'p';
        } else {
            shown.push(letter);
            before = letter;
        }
    }
    shown
}

/// Compares it with the file, or writes the file.
pub(crate) fn compare(wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/how-it-decides.md");
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    let by_hand = page.find(HEADING).map_or(page.as_str(), |at| &page[..at]).trim_end();
    let whole = format!("{by_hand}\n\n{wanted}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &whole).expect("the docs can be written");
        return;
    }
    assert!(
        page == whole,
        "docs/how-it-decides.md is out of date; run: UPDATE_DOCS=1 cargo test --test it truth::\n{wanted}"
    );
}
