//! What a run that could not begin says in formats for programs: settings that are missing or malformed, each with the question it
//! answers, its choices and the ways to give it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::whole::Format;
use super::{github, json as report_json, junit, markdown};
use crate::command::Command;
use crate::settings::problems::{Problem, Sort};
use crate::settings::{Problems, Region, SettingId, SslMode};
use crate::visible;

/// Exit status of a usage or settings error.
const USAGE: u8 = 2;

/// The document; none for the text format, since standard error reports the same to the reader.
pub(crate) fn document(format: Format, command: Command, problems: &Problems) -> Option<String> {
    match format {
        Format::Text => None,
        Format::Json => Some(visible::json(&format!("{:#}", as_json(command, problems))).into_owned()),
        Format::Markdown => Some(as_markdown(command, problems)),
        Format::Junit => Some(junit::settings(command, problems.list().iter().map(shown).collect())),
        Format::Github => {
            let line = |problem| github::line("error", "settings", &shown(problem));
            Some(problems.list().iter().map(line).collect::<Vec<_>>().join("\n"))
        }
    }
}

fn as_json(command: Command, problems: &Problems) -> Value {
    json!({
        "tool": "stitch-pg",
        "version": env!("CARGO_PKG_VERSION"),
        "command": command.as_str(),
        "schema_version": report_json::SCHEMA_VERSION,
        "exit_code": USAGE,
        "result": "usage",
        "plan_digest": null,
        "server": null,
        "steps": [],
        "connection": null,
        "path": [],
        "problems": problems.list().iter().map(entry).collect::<Vec<_>>(),
    })
}

fn entry(problem: &Problem) -> Value {
    let id = problem.id;
    json!({
        "kind": match problem.sort {
            Sort::Missing => "missing",
            Sort::Malformed => "malformed",
        },
        "text": problem.text,
        "question": id.map(SettingId::help),
        "choices": id.map(choices).unwrap_or_default(),
        "flag": id.and_then(SettingId::flag),
        "environment": id.and_then(SettingId::env),
        "key": id.and_then(SettingId::key),
    })
}

/// The words that a setting can be, where they are few.
fn choices(id: SettingId) -> Vec<&'static str> {
    match id {
        SettingId::Region => Region::ALL.map(Region::as_str).to_vec(),
        SettingId::SslMode => SslMode::ALL.map(SslMode::as_str).to_vec(),
        _ => Vec::new(),
    }
}

fn as_markdown(command: Command, problems: &Problems) -> String {
    let why = "Nothing was done: settings are missing or malformed.";
    let mut page = format!("# stitch-pg {}\n\n{why}\n\n", command.as_str());
    for problem in problems.list() {
        let _ = writeln!(page, "- {}", markdown::escaped(&visible::one_line(&shown(problem))));
    }
    page
}

fn shown(problem: &Problem) -> String {
    match problem.id {
        Some(id) => format!("{}\nNext: give it as {}", problem.text, id.ways()),
        None => problem.text.clone(),
    }
}
