//! The settings file as a document: written from answers, commented, and its JSON Schema. Both from the table of settings
//! and the help of its flags.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::settings::draft::Given;
use crate::settings::registry::ValueKind;
use crate::settings::{Draft, SettingId};

/// What is said above a section.
const SECTIONS: [(&str, &str); 7] = [
    ("", ""),
    (
        "admin",
        "How you, the admin, reach the PostgreSQL server. Stitch never uses this.",
    ),
    ("stitch", "What goes into Stitch's form."),
    ("ownership", "What Stitch has loaded before."),
    ("bastion", "The SSH server, when Stitch goes through a tunnel."),
    ("registration", "Registration in Stitch by stitch-pg."),
    ("loads", "What check --loads reports as a problem."),
];

const HEADER: &str = "\
# Settings of stitch-pg: plan, check and setup read them from stitch-pg.toml in
# the current directory, or from the file named with --config. No secret is in
# here: give a file that contains it, or use the environment.
";

/// The file that says what this draft says; what nobody said is there as a remark. Secrets are left out. Relative paths of
/// the draft are meant from `directory`; in a file they are meant from the file's own, so they are written out in full
/// where that is another.
pub fn config_file(draft: &Draft, directory: &Path, file: &Path) -> String {
    let elsewhere = directory.join(file).parent() != Some(directory);
    let from = elsewhere.then_some(directory);
    let mut page = String::from(HEADER);
    for (section, title) in SECTIONS {
        page.push('\n');
        if !section.is_empty() {
            let _ = writeln!(page, "# {title}\n[{section}]");
        }
        for (id, name) in keys_of(section) {
            let _ = write!(page, "{}", entry(draft, id, name, from));
        }
    }
    page
}

fn entry(draft: &Draft, id: SettingId, name: &str, from: Option<&Path>) -> String {
    let help = id.help();
    let texts = draft.given(id).map(Given::texts).unwrap_or_default();
    if let (Some(value), false) = (value(id, texts, from), texts.is_empty()) {
        return format!("# {help}\n{name} = {value}\n");
    }
    let or = match (id.kind(), id.env()) {
        (ValueKind::SecretPath, Some(env)) => format!("; or {env} in the environment"),
        _ => String::new(),
    };
    let default = id
        .default_text()
        .map_or_else(String::new, |default| format!(" Default: {default}."));
    format!("# {help}{or}.{default}\n# {name} =\n")
}

/// As TOML.
fn value(id: SettingId, texts: &[String], from: Option<&Path>) -> Option<String> {
    let quoted = |text: &String| toml::Value::String(text.clone()).to_string();
    let first = texts.first()?;
    Some(match id.kind() {
        ValueKind::Switch => first.clone(),
        ValueKind::Number | ValueKind::Duration if first.parse::<u32>().is_ok() => first.clone(),
        ValueKind::List | ValueKind::Names => {
            let pieces = texts.iter().flat_map(|text| match id.kind() {
                ValueKind::List => text.split(',').map(|piece| piece.trim().to_owned()).collect(),
                _ => crate::settings::names_of_a_list(text),
            });
            format!(
                "[{}]",
                pieces.map(|piece| quoted(&piece)).collect::<Vec<_>>().join(", ")
            )
        }
        ValueKind::Path | ValueKind::SecretPath => match from {
            Some(directory) if !first.starts_with("~/") && first != "system" => {
                quoted(&directory.join(first).to_string_lossy().into_owned())
            }
            _ => quoted(first),
        },
        _ => quoted(first),
    })
}

/// The JSON Schema of the file, for editors and for checks in a pipeline.
pub fn config_schema() -> String {
    let mut top = Map::new();
    for (section, title) in SECTIONS {
        let keys: Map<String, Value> = keys_of(section)
            .map(|(id, name)| (name.to_owned(), shape(id)))
            .collect();
        if section.is_empty() {
            top.extend(keys);
        } else {
            top.insert(
                section.to_owned(),
                json!({ "description": title, "type": "object", "additionalProperties": false, "properties": keys }),
            );
        }
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "stitch-pg.toml",
        "description": "The settings file of stitch-pg. No secret belongs in it.",
        "type": "object",
        "additionalProperties": false,
        "properties": top,
    });
    format!("{schema:#}\n")
}

fn shape(id: SettingId) -> Value {
    let mut shape = match id.kind() {
        ValueKind::Switch => json!({ "type": "boolean" }),
        ValueKind::Number | ValueKind::Duration => json!({ "type": ["integer", "string"], "minimum": 0 }),
        ValueKind::List | ValueKind::Names => json!({ "type": ["array", "string"], "items": { "type": "string" } }),
        ValueKind::Text | ValueKind::Path | ValueKind::SecretPath => json!({ "type": "string" }),
    };
    let default = id
        .default_text()
        .map_or_else(String::new, |default| format!(". Default: {default}"));
    shape["description"] = json!(format!("{}{default}", id.help()));
    shape
}

/// The settings of a section, with their names in it.
fn keys_of(section: &'static str) -> impl Iterator<Item = (SettingId, &'static str)> {
    SettingId::ALL.iter().filter_map(move |id| {
        let key = id.key()?;
        let (of, name) = key.split_once('.').unwrap_or(("", key));
        (of == section).then_some((*id, name))
    })
}
