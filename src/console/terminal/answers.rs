//! What you may answer where changes are asked about, and what each answer shows.

use std::fmt::Write as _;

use anyhow::Result;

use crate::change::{Action, Plan};
use crate::console::output::say;
use crate::console::style::Style;
use crate::output_file;
use crate::step_id::StepId;
use crate::visible;

/// What you may answer to "make these changes?".
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MenuAnswer {
    Yes,
    All,
    No,
    Choose,
    Explain,
    Show,
    Write,
    Quit,
}

impl MenuAnswer {
    /// `enter`: what Enter alone means.
    pub(super) fn of(text: &str, enter: Self) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" => Some(enter),
            "y" | "yes" => Some(Self::Yes),
            "a" | "all" => Some(Self::All),
            "n" | "no" => Some(Self::No),
            "c" | "choose" => Some(Self::Choose),
            "e" | "explain" => Some(Self::Explain),
            "s" | "show" => Some(Self::Show),
            "w" | "write" => Some(Self::Write),
            "q" | "quit" => Some(Self::Quit),
            _ => None,
        }
    }
}

/// What is done and why, and the way back.
pub(super) fn explain(look: &Style, why: &str, plan: &Plan) {
    say(&look.fold("  ", 2, why));
    for change in &plan.changes {
        let what = format!("{}: {}", visible::one_line(&change.summary), change.why);
        say(&look.fold("  - ", 4, &what));
        let back = match &change.undo {
            Some(undo) => format!("To undo it: {}", first_lines(undo)),
            None => "There is no automatic undo for this change.".to_owned(),
        };
        say(&look.fold("    ", 6, &back));
    }
}

/// Writes a file for your DBA or another admin to run, and returns its name. The admin who runs it enters the masked passwords.
pub(super) fn write(id: StepId, plan: &Plan) -> Result<String> {
    let mut actions = plan.changes.iter().map(|change| &change.action);
    let is_sql = actions.all(|action| matches!(action, Action::Sql(_)));
    let name = format!("stitch-pg-{id}.{}", if is_sql { "sql" } else { "sh" });
    output_file::create(name.as_ref(), &script(plan), &format!("./{name}"))?;
    Ok(name)
}

/// The commands of a plan.
pub(super) fn script(plan: &Plan) -> String {
    let mut text = String::new();
    for change in &plan.changes {
        let is_sql = matches!(change.action, Action::Sql(_));
        let sign = if is_sql { "--" } else { "#" };
        let summary = visible::one_line(&change.summary);
        let _ = writeln!(text, "\n{sign} {summary}\n{}", change.action);
    }
    text
}

fn first_lines(action: &Action) -> String {
    let text = action.to_string();
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() > 3 {
        format!("{} ... ({} lines)", lines[0], lines.len())
    } else {
        lines.join(" ")
    }
}
