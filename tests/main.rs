//! All tests of the program from outside, as one crate. `cargo test --test it cure::ownership` runs those whose names
//! begin so; each module begins with what it holds.

#![expect(
    clippy::disallowed_methods,
    reason = "tests start servers and read their own switches; the ban is for the program"
)]

mod support;

mod book;
mod cli;
mod cure;
mod cut;
mod demo;
mod docs;
mod faults;
mod firewall;
mod floors;
mod front;
mod hba;
mod leaks;
mod rights;
mod ssh_as_ssh;
mod terminal;
mod truth;
mod watch;

/// A file that no `mod` names is not compiled, and nothing reports that its tests do not run.
#[test]
fn every_file_is_a_module() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in std::fs::read_dir(folder).expect("the tests' folder") {
        let name = entry.expect("a readable folder").file_name();
        let name = name.to_str().expect("names here are ASCII");
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            let named = include_str!("main.rs").contains(&format!("\nmod {module};\n"));
            assert!(named, "tests/main.rs lacks: mod {module};");
        }
    }
}
