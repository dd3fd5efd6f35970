//! The report as Markdown: what a reviewer reads in a pull request before `setup --expect` is run.

use std::fmt::Write as _;

use super::digest::{Digest, kind};
use super::whole::{Outcome, Report};
use crate::finding::{Finding, Verdict, grouped};
use crate::settings::Settings;
use crate::visible;

impl Report {
    /// The report as a page.
    pub(crate) fn markdown(&self, settings: &Settings) -> String {
        let mut page = format!("# stitch-pg {}\n\n{}\n", self.command.as_str(), self.place(settings));
        if let Some(digest) = Digest::of(self, settings) {
            let how = "`stitch-pg setup --expect DIGEST` makes these changes and no others";
            let _ = write!(page, "\nDigest: `{digest}`. {how}.\n");
        }
        page.push('\n');
        page.push_str(&self.changes_section());
        for (verdict, heading) in [
            (Verdict::Bad, "Problems"),
            (Verdict::Unknown, "Cannot be checked from here"),
            (Verdict::Good, "OK"),
        ] {
            let is_listed =
                |finding: &&Finding| finding.verdict == verdict && (verdict != Verdict::Unknown || finding.is_open());
            let list = list(self.findings().filter(is_listed));
            if !list.is_empty() {
                let _ = write!(page, "\n## {heading}\n\n{list}");
            }
        }
        for step in &self.steps {
            if let Outcome::Failed(error, ..) = &step.outcome {
                let error = fenced("text", &format!("{error:#}"));
                let _ = write!(page, "\n## Failed: {}\n\n{error}", step.step);
            }
        }
        page.trim_end().to_owned()
    }

    fn changes_section(&self) -> String {
        if self.changes().next().is_none() {
            return "There is nothing to change.\n".to_owned();
        }
        let mut page = String::from("## Changes\n");
        for (step, change) in self.changes() {
            let (kind, database) = kind(&change.action);
            let place = database.map_or_else(String::new, |name| format!(" (in the database {})", code(name)));
            let _ = write!(
                page,
                "\n### {step}: {}\n\n{}{place}\n\n{}",
                escaped(&change.summary),
                escaped(change.why),
                fenced(if kind == "sql" { "sql" } else { "sh" }, &change.action.to_string())
            );
        }
        page
    }

    fn place(&self, settings: &Settings) -> String {
        let stitch = &settings.stitch;
        let server = match &self.server {
            Some(server) => format!("PostgreSQL {} ({}) at ", server.version, server.provider.as_str()),
            None => String::new(),
        };
        let through = settings.bastion.as_ref().map_or_else(String::new, |bastion| {
            format!(", through {}", code(bastion.stitch_host.as_str()))
        });
        format!(
            "{server}{}{through}: the database {} for the role {}.",
            code(&format!("{}:{}", stitch.host, stitch.port)),
            code(stitch.database.as_str()),
            code(stitch.role.as_str())
        )
    }
}

fn list<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut text = String::new();
    for (finding, subjects) in grouped(findings) {
        let is_untold = |subject: &&str| !finding.text.contains(subject);
        let about = match subjects.into_iter().filter(is_untold).collect::<Vec<_>>().as_slice() {
            [] => String::new(),
            untold => format!(" ({})", escaped(&untold.join(", "))),
        };
        let _ = writeln!(text, "- `{}` {}{about}", finding.code.as_str(), escaped(&finding.text));
        if let Some(advice) = &finding.advice {
            let quoted = fenced("text", advice);
            let _ = writeln!(text, "\n  {}", quoted.trim_end().replace('\n', "\n  "));
        }
    }
    text
}

/// As a block of code, behind a fence that the text does not hold.
fn fenced(language: &str, text: &str) -> String {
    let text = visible::unobeyed(&visible::text(text)).into_owned();
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

/// As code within a line.
fn code(text: &str) -> String {
    let text = visible::one_line(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.contains('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Text in which no character means anything.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible::text(text).chars() {
        match c {
            '\n' => out.push(' '),
            // GitHub and GitLab would notify whom a name mentions.
            '@' if !out.ends_with(char::is_alphanumeric) => out.push_str("@<!-- -->"),
            '&' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(escaped("a_b <script> `x`\n# y"), "a\\_b \\<script\\> \\`x\\` \\# y");
        assert_eq!(escaped("a\u{1b}[2J\r"), "a\\\\x1b\\[2J\\\\r");
        assert_eq!(code("a\u{202e}b"), "`a\\u{202e}b`");
        assert_eq!(code("a``b"), "``` a``b ```");
        assert_eq!(code("a\n\n# b"), "`a\\n\\n# b`");
        assert_eq!(escaped("@team root@host"), "@<!-- -->team root@host");
        assert_eq!(escaped("![x](http://y) &lt;"), "!\\[x\\](http://y) \\&lt;");
        assert_eq!(fenced("sql", "x\n ::error::y"), "```sql\nx\n \\x3a:error::y\n```\n");
        assert_eq!(fenced("sh", "echo\n```\nend\n"), "````sh\necho\n```\nend\n````\n");
    }
}
