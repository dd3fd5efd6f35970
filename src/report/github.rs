//! The report as workflow commands of GitHub Actions, which become annotations of the run.

use super::whole::{Outcome, Report};
use crate::command::Command;
use crate::finding::Verdict;
use crate::visible;

impl Report {
    /// One line for everything a person should see: errors fail the job by the exit code, notices do not.
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
                    _ if step.outcome.says(finding) => continue,
                    Verdict::Unknown if finding.acknowledged => continue,
                    Verdict::Good => continue,
                    Verdict::Unknown => "notice",
                    Verdict::Bad => "error",
                };
                let title = format!("{name}: {}", finding.code.as_str());
                let subject = finding
                    .subject
                    .as_ref()
                    .filter(|subject| !finding.text.contains(subject.as_str()));
                let about = subject.map_or_else(String::new, |subject| format!("\nfor: {subject}"));
                let advice = finding
                    .advice
                    .as_ref()
                    .map_or_else(String::new, |advice| format!("\nnext: {advice}"));
                lines.push(line(kind, &title, &format!("{}{about}{advice}", finding.text)));
            }
            if matches!(step.outcome, Outcome::Pending(_)) {
                let kind = if self.command == Command::Plan {
                    "warning"
                } else {
                    "error"
                };
                lines.extend(
                    plan.changes
                        .iter()
                        .map(|change| line(kind, &format!("{name}: pending"), &format!("would {}", change.summary))),
                );
            }
        }
        lines.join("\n")
    }
}

/// A workflow command; what would end it early is escaped as GitHub's own toolkit does.
pub(super) fn line(kind: &str, title: &str, text: &str) -> String {
    let (title, text) = (visible::text(title), visible::text(text));
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let title = title.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let title = title.replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={title}::{text}")
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
