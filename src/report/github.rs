//! The report as workflow commands of GitHub Actions, which become annotations of the run.

use super::whole::{Outcome, Report};
use crate::change::Change;
use crate::command::Command;
use crate::finding::Verdict;
use crate::visible;

impl Report {
    /// One line for everything that the reader should see: errors fail the job by the exit code, notices do not.
    pub(crate) fn github(&self) -> String {
        let mut lines = Vec::new();
        for step in &self.steps {
            let name = step.step.as_str();
            if let Outcome::Failed(error, ..) = &step.outcome {
                lines.push(line("error", &format!("{name} failed"), &format!("{error:#}")));
            }
            let Some(plan) = step.outcome.plan() else { continue };
            for finding in &plan.findings {
                let kind = match finding.verdict {
                    Verdict::Bad if !step.outcome.says(finding) => "error",
                    _ if finding.is_open() => "notice",
                    _ => continue,
                };
                let title = format!("{name}: {}", finding.code.as_str());
                let is_untold = |subject: &&str| !finding.text.contains(subject);
                let subject = finding.subject.as_deref().filter(is_untold);
                let about = subject.map_or_else(String::new, |subject| format!("\nfor: {subject}"));
                let words = format!("{}{about}{}", finding.text, finding.next());
                lines.push(line(kind, &title, &words));
            }
            if matches!(step.outcome, Outcome::Pending(_)) {
                let is_asked = self.command == Command::Plan;
                let kind = if is_asked { "warning" } else { "error" };
                let title = format!("{name}: pending");
                let would = |change: &Change| line(kind, &title, &format!("would {}", change.summary));
                lines.extend(plan.changes.iter().map(would));
            }
        }
        lines.join("\n")
    }
}

/// A workflow command; what would end it early is escaped as GitHub's own toolkit does.
pub(super) fn line(kind: &str, title: &str, text: &str) -> String {
    let (title, text) = (visible::text(title), visible::text(text));
    let escaped = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let title = escaped(&title).replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={title}::{}", escaped(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_begin_a_command_of_its_own() {
        let text = line("error", "a: b, c", "100%\n::set-output name=x::y");
        assert_eq!(text, "::error title=a%3A b%2C c::100%25%0A::set-output name=x::y");
        let text = line("error", "a\u{1b}", "b\r::error::c\r\nd\u{202e}");
        assert_eq!(text, "::error title=a\\x1b::b\\r::error::c%0Ad\\u{202e}");
    }
}
