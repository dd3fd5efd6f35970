//! The grammar of messages is held by every report that a test reads (`support::json::report`); that it is seen when it is broken:

use std::fs;
use std::path::{Path, PathBuf};

use crate::book::project;
use crate::support::words::complaint;

#[test]
fn what_is_wrong_with_words_is_seen() {
    let bad = [
        "The role is there",
        "the role is there.",
        " so",
        "1 tables, owner x",
        "and 1 objects in it",
    ];
    for words in bad {
        assert!(complaint(words).is_some(), "{words}");
    }
    let good = [
        "the role is there",
        "PostgreSQL listens",
        "Stitch's key is there",
        "GRANT x TO y;",
        "\"Odd\" is there",
        "1 address",
        "11 tables",
        "sshd refuses",
        "",
    ];
    for words in good {
        assert_eq!(complaint(words), None, "{words}");
    }
}

/// Left column of the glossary in docs/contributing.md.
const REFUSED: [&str; 32] = [
    "mend",
    "mends",
    "mended",
    "cure",
    "cures",
    "looked",
    "look at",
    "looks at",
    "looks like",
    "rehearse",
    "rehearses",
    "rehearsed",
    "rehearsal",
    "dial",
    "dials",
    "dialled",
    "take back",
    "takes back",
    "taken back",
    "a person",
    "somebody",
    "somebody's",
    "someone",
    "whoever",
    "anybody",
    "left out",
    "hangs on",
    "for ever",
    "vouches",
    "walked",
    "in the way",
    "as it is",
];

/// Pages that have the refused words themselves, and the old names.
const EXCEPT: [&str; 2] = ["contributing.md", "changelog.md"];

/// What a page says: without its code, which `literals` and the goldens have.
fn prose(page: &str) -> String {
    let mut is_code = false;
    let lines = page.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence && !line.starts_with("<!--")
    });
    let spans = lines.map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join(" code "));
    spans.collect::<Vec<_>>().join("\n")
}

/// The refused words of a text. Names of placeholders and flags are no words.
fn refused(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase().replace("\\n", " ");
    let visible = text
        .split('{')
        .map(|part| part.split_once('}').map_or(part, |(_, after)| after));
    let words: Vec<String> = visible
        .flat_map(|part| part.split(|c: char| !(c.is_alphanumeric() || "'_-.".contains(c))))
        .map(|word| word.trim_matches(['.', '\'', '-']).to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let line = format!(" {} ", words.join(" "));
    REFUSED
        .into_iter()
        .filter(|words| line.contains(&format!(" {words} ")))
        .collect()
}

/// The string literals of Rust source, without comments and unit tests.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: Vec<&str> = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let (code, mut found) = (code.join("\n"), Vec::new());
    let mut rest = code.as_str();
    while let Some((before, after)) = rest.split_once('"') {
        let bare = before.trim_end_matches('#');
        let end = if before.ends_with('\'') {
            0
        } else if bare.ends_with('r') {
            after
                .find(&format!("\"{}", "#".repeat(before.len() - bare.len())))
                .expect("a raw string ends")
        } else {
            let mut escaped = false;
            let ends = |c: char| {
                let was = escaped;
                escaped = c == '\\' && !was;
                c == '"' && !was
            };
            after.find(ends).expect("a string ends")
        };
        found.push(after[..end].split("\\\n").map(str::trim_start).collect());
        rest = &after[(end + 1).min(after.len())..];
    }
    found
}

/// Files under `folder`, by the end of their names.
fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![project().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the checkout") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    found
}

/// The table of messages without what other programs say.
fn without_quoted(table: &str) -> String {
    let mut is_quoted = false;
    let is_ours = |line: &&str| {
        let was = is_quoted || line.starts_with("says = ");
        is_quoted = was && !line.ends_with(']');
        !was
    };
    table.lines().filter(is_ours).collect::<Vec<_>>().join("\n")
}

#[test]
fn refused_words_are_found_where_they_are_printed() {
    assert_eq!(refused("Mend it:\\nlook at {mend}"), ["mend", "look at"]);
    assert_eq!(refused("--rehearse-existing {dialled} foreign key"), [""; 0]);
    assert_eq!(
        prose("A `cure` and\n```sh\nmend\n```\nlook at"),
        "A  code  and\nlook at"
    );
    assert_eq!(
        without_quoted("says = [\"dial\",\n  \"dial\"]\nfix = \"mend\""),
        "fix = \"mend\""
    );
    let source = "// \"mend\"\nlet c = '\"'; f(\"a\\\"b \\\n    c\", r#\"d \"e\"#);\n#[cfg(test)]\nmod tests {\n\"x\"";
    assert_eq!(literals(source)[1..], ["a\\\"b c", "d \"e"]);
}

#[test]
fn what_is_printed_has_only_standard_words() {
    let mut bad = Vec::new();
    let mut check = |path: &Path, text: &str| {
        let words = refused(text);
        if !words.is_empty() {
            bad.push(format!("{}: {words:?}: {}", path.display(), text.trim()));
        }
    };
    for path in files("src", ".rs") {
        if !path.to_string_lossy().contains("/tests") {
            let source = fs::read_to_string(&path).expect("source");
            let shown = literals(&source)
                .into_iter()
                .filter(|text| text.contains(' ') && !text.contains("SELECT"));
            shown.for_each(|text| check(&path, &text));
        }
    }
    let golden = ["tests/cli/golden", "tests/terminal/golden"]
        .into_iter()
        .flat_map(|folder| files(folder, ".txt"));
    let mut pages = files("docs", ".md");
    pages.push(project().join("README.md"));
    pages.retain(|page| !EXCEPT.iter().any(|name| page.ends_with(name)));
    let rest = files("src", ".toml").into_iter().chain(files("docs", ".schema.json"));
    for path in files("src/shell/scripts", ".sh")
        .into_iter()
        .chain(golden)
        .chain(pages)
        .chain(rest)
    {
        let mut text = fs::read_to_string(&path).expect("a text");
        if path.extension().is_some_and(|end| end == "md") {
            text = prose(&text);
        }
        if path.parent().is_some_and(|folder| folder.ends_with("explain/messages")) {
            text = without_quoted(&text);
        }
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .for_each(|line| check(&path, line));
    }
    assert!(
        bad.is_empty(),
        "see the glossary in docs/contributing.md\n{}",
        bad.join("\n")
    );
}
