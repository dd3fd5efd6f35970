//! What the program is made of: each dependency is named with its reason, there is one crypto stack, nothing comes from
//! anywhere but crates.io, no line of ours is `unsafe`, and every promise of the security page names the test that holds it.
//! Licences and versions that are there twice are `cargo deny`'s to judge (.ci/run, .deny.toml).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn table(name: &str) -> toml::Table {
    file(name).parse().expect("TOML")
}

fn keys(table: &toml::Table, section: &str) -> BTreeSet<String> {
    table[section].as_table().expect("a table").keys().cloned().collect()
}

#[test]
fn each_dependency_is_there_for_a_reason() {
    let cargo = table("Cargo.toml");
    let page = file("docs/design.md");
    let (_, section) = page.split_once("## Dependencies").expect("the page has the table");
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    let rows: Vec<(&str, &str)> = rows.filter(|(crates, _)| *crates != "crate").collect();
    let named = |rows: &[(&str, &str)]| -> BTreeSet<String> {
        let crates = rows
            .iter()
            .flat_map(|(crates, _)| crates.split(" (").next().unwrap_or_default().split(", "));
        crates.map(str::to_owned).collect()
    };
    let (tests, ours): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(crates, _)| crates.ends_with("(tests)"));
    assert_eq!(named(&ours), keys(&cargo, "dependencies"));
    assert_eq!(named(&tests), keys(&cargo, "dev-dependencies"));
    assert!(ours.iter().chain(&tests).all(|(_, why)| why.len() > 5));
}

#[test]
fn one_crypto_stack_and_one_source() {
    let lock = table("Cargo.lock");
    let packages = lock["package"].as_array().expect("packages");
    let mut names = BTreeSet::new();
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        match package.get("source").and_then(toml::Value::as_str) {
            None => assert_eq!(name, "stitch-pg"),
            Some(source) => assert_eq!(
                source, "registry+https://github.com/rust-lang/crates.io-index",
                "{name}"
            ),
        }
        names.insert(name);
    }
    for other in [
        "rustls",
        "ring",
        "aws-lc-rs",
        "aws-lc-sys",
        "boring",
        "russh",
        "mbedtls",
    ] {
        assert!(!names.contains(other), "{other} is a second crypto stack");
    }
    assert!(names.contains("openssl") && names.contains("libssh2-sys"));
    println!("{} packages in Cargo.lock", packages.len());
}

#[test]
fn nothing_of_ours_is_unsafe() {
    assert_eq!(
        table("Cargo.toml")["lints"]["rust"]["unsafe_code"].as_str(),
        Some("forbid")
    );
}

/// `tests/FILE.rs` and `name_of_the_test` in the same row.
#[test]
fn each_promise_names_the_test_that_holds_it() {
    let page = file("docs/security.md");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("`tests/"))
        .collect();
    assert!(rows.len() >= 12, "only {} promises", rows.len());
    for row in rows {
        // The promise itself may hold words of code; the last column names the tests.
        let last = row
            .trim_end_matches([' ', '|'])
            .rsplit(" | ")
            .next()
            .unwrap_or_default();
        let words: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        let files: Vec<String> = words
            .iter()
            .filter(|word| word.starts_with("tests/") || word.starts_with("src/"))
            .map(|name| file(name))
            .collect();
        let tests: Vec<&&str> = words
            .iter()
            .filter(|word| {
                word.contains('_')
                    && word
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            })
            .collect();
        assert!(!tests.is_empty(), "no test is named in {row}");
        for test in tests {
            assert!(
                files.iter().any(|text| text.contains(&format!("fn {test}("))),
                "there is no {test}: {row}"
            );
        }
    }
}
