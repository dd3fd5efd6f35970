//! The documents that are generated or exact: they must say what the program does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use stitch_pg::settings::{Environment, Problems, Purpose, SettingId, SettingsRequest};

use crate::support::json;

#[test]
fn config_schema_json_describes_the_example() {
    is_current("config.schema.json", &stitch_pg::cli::config_schema());
    let text = std::fs::read_to_string(document("example.toml")).unwrap();
    let example: toml::Table = text.parse().unwrap();
    let mut example = serde_json::to_value(example).unwrap();
    json::valid("config.schema.json", &example);
    for (section, key, value) in [
        ("stitch", "databse", serde_json::json!("x")),
        ("stitch", "password", serde_json::json!("x")),
        ("stitch", "ssl", serde_json::json!("yes")),
        ("admin", "port", serde_json::json!([1])),
    ] {
        let kept = example[section].clone();
        example[section][key] = value;
        assert!(
            json::check("config.schema.json", &example).is_err(),
            "{section}.{key} passed"
        );
        example[section] = kept;
    }
}

/// One real example of each file that is handed over, as the tests of the program have it.
#[test]
fn handoff_md_has_what_the_program_writes() {
    let golden = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/cli/golden")
            .join(name);
        let text = std::fs::read_to_string(path).unwrap();
        let text = text.strip_prefix("--- stdout\n").unwrap_or(&text);
        let text = text.split("--- stderr\n").next().unwrap_or_default();
        text.trim_end().to_owned()
    };
    let mut page = include_str!("handoff.md").to_owned();
    for name in [
        "script-dba.txt",
        "script-sysadmin.txt",
        "script-cloud.txt",
        "plan.md",
        "undo.txt",
        "sheet.txt",
        "config-init.toml",
    ] {
        let hole = format!("{{{{{name}}}}}");
        assert!(page.contains(&hole), "{name} is not shown");
        page = page.replace(&hole, &golden(name));
    }
    is_current("handoff.md", &page);
}

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

#[test]
fn flags_md_is_what_the_command_line_says() {
    is_current("flags.md", &stitch_pg::cli::flags_markdown());
}

#[test]
fn errors_md_is_what_explain_knows() {
    is_current("errors.md", &stitch_pg::explain::Table::built_in().markdown());
}

#[test]
fn libpq_md_is_the_table_of_parameters() {
    is_current("libpq.md", &stitch_pg::settings::libpq_markdown());
}

#[test]
fn troubleshooting_md_has_every_finding_code() {
    // tests/faults prints its table behind the generated part.
    let found = std::fs::read_to_string(document("troubleshooting.md")).unwrap_or_default();
    let table = found.find("\n## Faults that were made").map_or("", |at| &found[at..]);
    let wanted = format!("{}{table}", stitch_pg::finding::troubleshooting_markdown());
    is_current("troubleshooting.md", &wanted);
}

/// Every code is reported somewhere: one that is not would be documented in vain.
#[test]
fn every_finding_code_is_used() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for code in stitch_pg::finding::Code::ALL {
        assert!(
            sources.contains(&format!("Code::{code:?}")),
            "{code:?} is reported nowhere"
        );
    }
}

fn sources(directory: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    text
}

fn is_current(name: &str, wanted: &str) {
    let path = document(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/{name} is out of date; run: UPDATE_DOCS=1 cargo test --test it docs::"
    );
}

#[test]
fn example_toml_shows_every_key() {
    let text = std::fs::read_to_string(document("example.toml")).unwrap();
    let mut keys = BTreeSet::new();
    let table: toml::Table = text.parse().unwrap();
    for (name, value) in &table {
        match value.as_table() {
            Some(section) => keys.extend(section.keys().map(|key| format!("{name}.{key}"))),
            None => drop(keys.insert(name.clone())),
        }
    }
    let shown_as_the_other_way = ["bastion.public_key"];
    for key in SettingId::ALL.iter().filter_map(|id| id.key()) {
        assert!(
            keys.contains(key) || shown_as_the_other_way.contains(&key),
            "{key} is not in docs/example.toml"
        );
    }
}

#[test]
fn example_toml_is_read_without_a_complaint_about_a_key_or_value() {
    let environment = Environment {
        os_user: Some("me".to_owned()),
        directory: PathBuf::from("/"),
        ..Environment::default()
    };
    let request = SettingsRequest {
        purpose: Purpose::Plan,
        approval: stitch_pg::settings::Approval::Asked,
        config: Some(document("example.toml")),
    };
    let error =
        stitch_pg::settings::complete(stitch_pg::settings::Draft::default(), &request, &environment, None).unwrap_err();
    // The files it names are not there; nothing else may be wrong.
    for problem in error.downcast_ref::<Problems>().unwrap().list() {
        let absent =
            problem.text.contains("No such file") || problem.text.contains("there is no service [stitch-admin]");
        assert!(absent, "{}", problem.text);
    }
}
