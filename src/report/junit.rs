//! The report as JUnit XML, which CI systems show as tests: a suite for each step, a case for each finding and change.

use std::fmt::Write as _;
use std::time::Duration;

use super::whole::{Outcome, Report, StepReport};
use crate::change::Change;
use crate::command::Command;
use crate::finding::{Finding, Verdict};
use crate::visible;

impl Report {
    /// The document. Changes that were not made fail `check`; what is unknown is skipped.
    pub(crate) fn junit(&self) -> String {
        let suites = self.steps.iter().map(|step| Suite::of(step, self.command));
        document(self.command, &suites.collect::<Vec<_>>())
    }
}

fn document(command: Command, suites: &[Suite]) -> String {
    let cases: usize = suites.iter().map(|suite| suite.cases).sum();
    let failures: usize = suites.iter().map(|suite| suite.failures).sum();
    let suites: String = suites.iter().map(Suite::element).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"stitch-pg {}\" tests=\"{cases}\" \
         failures=\"{failures}\">\n{suites}</testsuites>",
        command.as_str()
    )
}

/// The document of a run that could not begin: each text is a failure of the suite `settings`.
pub(super) fn settings(command: Command, failures: Vec<String>) -> String {
    let mut suite = Suite {
        name: "settings",
        ..Suite::default()
    };
    for text in failures {
        let first = text.lines().next().unwrap_or_default();
        suite.fail("settings", "setting", None, first, &text);
    }
    document(command, &[suite])
}

#[derive(Default)]
struct Suite {
    name: &'static str,
    elapsed: Duration,
    body: String,
    cases: usize,
    failures: usize,
    skipped: usize,
}

impl Suite {
    fn of(step: &StepReport, command: Command) -> Self {
        let name = step.step.as_str();
        let mut suite = Self {
            name,
            elapsed: step.elapsed,
            ..Self::default()
        };
        match &step.outcome {
            Outcome::Skipped(reason) | Outcome::Untested(reason, _) => suite.case(name, "step", None, &skipped(reason)),
            Outcome::Failed(error, ..) => suite.fail(name, "step", None, "failed", &format!("{error:#}")),
            Outcome::Ready(_) | Outcome::Applied(_) | Outcome::Pending(_) => {}
        }
        if let Some(plan) = step.outcome.plan() {
            plan.findings.iter().for_each(|finding| suite.finding(name, finding));
            let waiting = matches!(step.outcome, Outcome::Pending(_)) && command != Command::Plan;
            for change in &plan.changes {
                suite.change(name, change, waiting);
            }
        }
        suite
    }

    fn element(&self) -> String {
        let (name, seconds) = (self.name, seconds(self.elapsed));
        format!(
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{seconds}\">\n{}  </testsuite>\n",
            self.cases, self.failures, self.skipped, self.body
        )
    }

    fn finding(&mut self, class: &str, finding: &Finding) {
        let name = match &finding.subject {
            Some(subject) => format!("{}: {subject}", finding.code.as_str()),
            None => finding.code.as_str().to_owned(),
        };
        let text = format!("{}{}", finding.text, finding.next());
        match finding.verdict {
            Verdict::Bad => self.fail(class, &name, finding.elapsed, finding.code.as_str(), &text),
            _ if finding.is_open() => self.case(class, &name, finding.elapsed, &skipped(&text)),
            _ => self.case(class, &name, finding.elapsed, ""),
        }
    }

    fn change(&mut self, class: &str, change: &Change, waiting: bool) {
        if waiting {
            self.fail(class, &change.summary, None, "pending", &change.action.to_string());
        } else {
            self.case(class, &change.summary, None, "");
        }
    }

    fn fail(&mut self, class: &str, name: &str, took: Option<Duration>, kind: &str, text: &str) {
        self.failures += 1;
        let first = text.lines().next().unwrap_or_default();
        let [kind, first, text] = [kind, first, text].map(escaped);
        let body = format!("      <failure type=\"{kind}\" message=\"{first}\">{text}</failure>\n");
        self.case(class, name, took, &body);
    }

    fn case(&mut self, class: &str, name: &str, took: Option<Duration>, body: &str) {
        self.cases += 1;
        self.skipped += usize::from(body.contains("<skipped"));
        let time = took.map_or_else(String::new, |took| format!(" time=\"{}\"", seconds(took)));
        let head = format!("    <testcase classname=\"{class}\" name=\"{}\"{time}", escaped(name));
        let _ = if body.is_empty() {
            writeln!(self.body, "{head}/>")
        } else {
            writeln!(self.body, "{head}>\n{body}    </testcase>")
        };
    }
}

fn skipped(why: &str) -> String {
    format!("      <skipped message=\"{}\"/>\n", escaped(why))
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.3}", elapsed.as_secs_f64())
}

/// For text and attributes alike. What XML 1.0 has no way to write is written out as for people.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in visible::unobeyed(&visible::text(text)).chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Plan;
    use crate::finding::Code;
    use crate::step_id::StepId;

    #[test]
    fn every_finding_is_a_case_and_nothing_breaks_out() {
        let mut report = Report::new(Command::Check);
        let mut plan = Plan::default();
        plan.find(Finding::good(Code::LoginWorks, "in").took(Duration::from_millis(12)));
        plan.find(Finding::bad(Code::LoginPassword, "<\"&\u{1}\u{fffe}>").advise("mend"));
        plan.find(Finding::unknown(Code::FirewallNotChecked, "who knows"));
        report.steps.push(StepReport {
            step: StepId::Connection,
            outcome: Outcome::Ready(plan),
            elapsed: Duration::from_millis(1500),
            change_times: Vec::new(),
        });
        let text = report.junit();
        assert!(
            text.contains("<testsuite name=\"connection\" tests=\"3\" failures=\"1\" skipped=\"1\" time=\"1.500\">"),
            "{text}"
        );
        assert!(
            text.contains("<testcase classname=\"connection\" name=\"login-works\" time=\"0.012\"/>"),
            "{text}"
        );
        assert!(text.contains("message=\"&lt;&quot;&amp;\\x01\\u{fffe}&gt;\""), "{text}");
    }
}
