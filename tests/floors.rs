//! The layers of the code: a file in `src` imports from lower floors only, so that no circle can arise between rooms.
//! The table in `docs/design.md` is the rule. Within a room, no more than two files import one another.

use std::path::Path;

mod circles;
mod picture;
mod rust_version;

/// Each file of a folder, `src` say, with its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of src") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path
                    .strip_prefix(&root)
                    .expect("below src")
                    .to_str()
                    .expect("ASCII")
                    .to_owned();
                found.push((name, std::fs::read_to_string(&path).expect("a readable file")));
            }
        }
    }
    found
}

/// The name and the rooms of each floor, the highest first, as docs/design.md has them.
fn table() -> Vec<(String, Vec<String>)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/design.md");
    let page = std::fs::read_to_string(page).expect("docs/design.md");
    let (_, table) = page.split_once("| floor | rooms |").expect("the table of floors");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut columns = row.split('|').skip(1);
        let (name, rooms) = (columns.next().expect("a name"), columns.next().expect("rooms"));
        let rooms = rooms.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (name.trim().to_owned(), rooms)
    })
    .collect()
}

fn floors() -> Vec<Vec<String>> {
    table().into_iter().map(|(_, rooms)| rooms).collect()
}

#[test]
fn the_picture_shows_the_table() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/floors.svg");
    let drawn = picture::draw(&table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &drawn).expect("docs/floors.svg");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(kept, drawn, "run: UPDATE_DOCS=1 cargo test --test it floors::");
}

/// The room that a file is in.
fn room(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or(file);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// A text without its comments and its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    lines.join("\n")
}

/// The rooms that a text names behind `crate::`.
fn imports(text: &str) -> Vec<String> {
    let text = code(text);
    let mut found = Vec::new();
    for rest in text.split("crate::").skip(1) {
        if let Some(group) = rest.strip_prefix('{') {
            // Only the names at the group's own depth are rooms.
            let (mut depth, mut word) = (0, String::new());
            for letter in group.chars() {
                match letter {
                    '}' if depth == 0 => break,
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => found.push(std::mem::take(&mut word)),
                    _ if depth == 0 => word.push(letter),
                    _ => {}
                }
            }
            found.push(word);
        } else {
            found.push(rest.to_owned());
        }
    }
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let names = found
        .iter()
        .map(|text| text.trim_start().split(|c| !is_part(c)).next().unwrap_or_default());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// What a house's files import from their own floor or a higher one, and rooms that stand on none.
fn upward(files: &[(String, String)], floors: &[Vec<String>]) -> Vec<String> {
    let floor_of = |room: &str| floors.iter().position(|floor| floor.iter().any(|one| one == room));
    let mut wrong = Vec::new();
    for (file, text) in files {
        if room(file) == "lib" || file.ends_with("tests.rs") || file.contains("/tests/") {
            continue;
        }
        let Some(here) = floor_of(room(file)) else {
            wrong.push(format!("{file} is on no floor"));
            continue;
        };
        for name in imports(text).iter().filter(|name| *name != room(file)) {
            if floor_of(name).is_some_and(|there| there <= here) {
                wrong.push(format!("{file} imports {name}, which is not below it"));
            }
        }
    }
    wrong
}

#[test]
fn files_import_from_lower_floors_only() {
    let wrong = upward(&sources("src"), &floors());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A test that cannot fail holds nothing: an upward import that is planted is found.
#[test]
fn an_upward_import_is_found() {
    for planted in [
        "use crate::runner::Run;",
        "use crate::{secret, runner::{Run, Start}};",
        "fn f() { crate::runner::g(); }",
    ] {
        let mut files = sources("src");
        let (_, text) = files
            .iter_mut()
            .find(|(name, _)| name == "change.rs")
            .expect("src/change.rs");
        text.insert_str(0, &format!("{planted}\n"));
        let wrong = upward(&files, &floors());
        assert_eq!(wrong, ["change.rs imports runner, which is not below it"], "{planted}");
    }
}

#[test]
fn files_import_one_another_in_no_large_circle() {
    let found: Vec<String> = circles::found(&sources("src"))
        .into_iter()
        .map(|(group, imports)| format!("{} files:\n  {}", group.len(), imports.join("\n  ")))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Three files that import one another are found, through another file's re-export as well; with two, it is none.
#[test]
fn a_planted_circle_is_found() {
    let planted = |two: &str| {
        let mut files = sources("src");
        for (name, text) in [
            ("secret.rs", "pub use crate::word::second as first;"),
            ("plural.rs", "use crate::{secret::{first}};"),
            ("word.rs", two),
            ("visible.rs", "use super::plural;\nfn third() { plural::pluralize() }"),
        ] {
            let (_, file) = files.iter_mut().find(|(file, _)| file == name).expect("a file of src");
            file.insert_str(0, &format!("{text}\n"));
        }
        let groups = circles::found(&files).into_iter().map(|(group, _)| group);
        groups
            .filter(|group| group.contains(&"plural.rs".to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        planted("fn second() { crate::visible::third() }"),
        [["plural.rs", "visible.rs", "word.rs"]]
    );
    assert!(planted("use crate::plural::pluralize;").is_empty());
}
