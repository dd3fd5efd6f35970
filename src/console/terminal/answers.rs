//! What a person may answer where changes are asked about, and what each answer shows.

use std::fmt::Write as _;

use anyhow::Result;
use console::Term;

use super::{Enter, Terminal, in_background};
use crate::change::{Action, Plan};
use crate::console::output::say;
use crate::console::style::Cursor;
use crate::output_file::{Links, ORDINARY, Target};
use crate::step_id::StepId;
use crate::visible;

/// What a person may answer to "make these changes?".
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
    pub(super) fn of(text: &str, enter: Enter) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" if enter == Enter::No => Some(Self::No),
            "" | "y" | "yes" => Some(Self::Yes),
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

impl Terminal {
    /// Shows a text; a long one through the pager, if there is one.
    pub(super) async fn page(&self, text: String) -> Result<()> {
        let is_long = text.lines().count() >= usize::from(Term::stderr().size().0);
        let pager = self
            .pager
            .clone()
            .filter(|_| is_long && self.look.cursor == Cursor::Moves);
        let Some((pager, show)) = pager else {
            say(&text);
            return Ok(());
        };
        in_background(move || {
            if show(&pager, &text).is_err() {
                say(&text);
            }
        })
        .await
    }

    pub(super) fn explain(&self, why: &str, plan: &Plan) {
        let look = &self.look;
        say(&look.fold("  ", 2, why));
        for change in &plan.changes {
            say(&look.fold(
                "  - ",
                4,
                &format!("{}: {}", visible::one_line(&change.summary), change.why),
            ));
            let back = match &change.undo {
                Some(undo) => format!("To undo it: {}", first_lines(undo)),
                None => "There is no automatic undo for this change.".to_owned(),
            };
            say(&look.fold("    ", 6, &back));
        }
    }

    /// For somebody else to run. A masked password is theirs to put in.
    pub(super) fn write(&self, id: StepId, plan: &Plan) {
        let is_sql = plan
            .changes
            .iter()
            .all(|change| matches!(change.action, Action::Sql(_)));
        let name = format!("stitch-pg-{id}.{}", if is_sql { "sql" } else { "sh" });
        let written = Target::find(name.as_ref(), Links::Refused)
            .and_then(|target| target.create(script(plan).as_bytes(), ORDINARY));
        match written {
            Ok(()) => self.passed(&format!("./{name} is written")),
            Err(error) => self.refused(&format!("cannot write ./{name}: {error:#}"), None),
        }
    }
}

/// The commands of a plan.
pub(super) fn script(plan: &Plan) -> String {
    let mut text = String::new();
    for change in &plan.changes {
        let sign = if matches!(change.action, Action::Sql(_)) {
            "--"
        } else {
            "#"
        };
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
