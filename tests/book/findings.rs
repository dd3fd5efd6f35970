//! docs/tests.md: which test is about which finding.
//!
//! A row may lag behind what the tests have since become; it may not be missing, or name a file without the code.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use stitch_pg::finding::Code;

use crate::book::project;

const PAGE: &str = "docs/tests.md";

const INTRODUCTION: &str = "\
# Which test is about which finding

<!-- Written by tests/book/findings.rs with UPDATE_DOCS=1 cargo test --test it book::. -->

What raises a finding, or proves that it is not raised: the files in which its code is named. What a code means is in
[troubleshooting](troubleshooting.md).

| code | step | tests |
|---|---|---|
";

/// Every Rust file under that folder, by its path from the project's folder. Of a file of src, the tests in it.
fn tests_of(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(project().join(folder)).expect("a folder") {
        let path = folder.join(entry.expect("a readable folder").file_name());
        if project().join(&path).is_dir() {
            tests_of(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(project().join(&path)).expect("Rust is text");
            let of_tests = path.ends_with("tests.rs") || path.iter().any(|part| part == "tests");
            let tests = if of_tests {
                text.as_str()
            } else {
                text.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests)
            };
            found.insert(path.display().to_string(), tests.to_owned());
        }
    }
}

fn names(text: &str, code: Code) -> bool {
    text.contains(&format!("\"{}\"", code.as_str())) || text.contains(&format!("Code::{code:?}"))
}

#[test]
fn every_finding_has_a_test_that_the_page_names() {
    let mut tests = BTreeMap::new();
    tests_of(Path::new("tests"), &mut tests);
    tests_of(Path::new("src"), &mut tests);
    tests.remove("tests/book/findings.rs");
    let mut page = String::from(INTRODUCTION);
    for code in Code::ALL {
        let files: Vec<String> = tests
            .iter()
            .filter(|(_, text)| names(text, *code))
            .map(|(path, _)| format!("`{path}`"))
            .collect();
        let name = code.as_str();
        assert!(!files.is_empty(), "no test names \"{name}\"");
        let files = files.join(", ");
        let _ = writeln!(page, "| `{name}` | {} | {files} |", code.section().as_str());
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(project().join(PAGE), &page).expect("the page is writable");
    }
    let written = fs::read_to_string(project().join(PAGE)).expect("the page is there");
    for code in Code::ALL {
        let start = format!("| `{}` |", code.as_str());
        let row = written.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("{PAGE} lacks {start}; run: UPDATE_DOCS=1 cargo test --test it book::"));
        let files = row.rsplit('|').nth(1).expect("three columns").split(", ");
        for file in files.map(|file| file.trim().trim_matches('`')) {
            assert!(
                tests.get(file).is_some_and(|text| names(text, *code)),
                "{PAGE}: {file} is not about {}; run: UPDATE_DOCS=1 cargo test --test it book::",
                code.as_str()
            );
        }
    }
}
