//! What a step found: a code that scripts can rely on, a verdict, and one sentence for the reader.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::Serialize;

/// One thing that is in order, cannot be checked from here, or is a problem that is left for you.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable name; explained in docs/troubleshooting.md.
    pub code: Code,
    /// Good, unknown or bad.
    pub verdict: Verdict,
    /// What, on what, why.
    pub text: String,
    /// What to do next, and who can, as the exact command where there is one.
    pub advice: Option<String>,
    /// What it is about, for machines: an address, a schema, a file.
    pub subject: Option<String>,
    /// How long it took to find out, where that helps the reader.
    pub elapsed: Option<Duration>,
    /// The hop it is about, where the code alone does not say so.
    pub hop: Option<Hop>,
    /// The settings file acknowledges it (`acknowledge`).
    pub acknowledged: bool,
}

/// How a finding counts towards the exit code: only [`Verdict::Bad`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Checked, and as it should be.
    Good,
    /// It cannot be checked from here; the text says how to check it.
    Unknown,
    /// It is a problem, and this tool does not change it.
    Bad,
}

impl Verdict {
    /// A problem where that is certain, else not known.
    pub fn bad_if(certain: bool) -> Self {
        if certain { Self::Bad } else { Self::Unknown }
    }
}

impl Finding {
    /// Something that holds.
    pub fn good(code: Code, text: impl Into<String>) -> Self {
        Self::new(code, Verdict::Good, text)
    }

    /// Something that cannot be known from here.
    pub fn unknown(code: Code, text: impl Into<String>) -> Self {
        Self::new(code, Verdict::Unknown, text)
    }

    /// A problem that you, your DBA or another admin must fix.
    pub fn bad(code: Code, text: impl Into<String>) -> Self {
        Self::new(code, Verdict::Bad, text)
    }

    /// Adds what to do next.
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Adds what it is about.
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// Says what it is about, once it is in a plan.
    pub fn concerning(&mut self, subject: impl fmt::Display) {
        self.subject = Some(subject.to_string());
    }

    /// Adds how long it took.
    pub fn took(mut self, elapsed: Duration) -> Self {
        self.elapsed = Some(elapsed);
        self
    }

    /// Adds the hop that it is about.
    pub fn on(mut self, hop: Option<Hop>) -> Self {
        self.hop = hop;
        self
    }

    /// Whether it is left for you: it cannot be checked from here, and the settings file does not acknowledge it.
    pub fn is_open(&self) -> bool {
        self.verdict == Verdict::Unknown && !self.acknowledged
    }

    /// The hops that it is about.
    pub fn hops(&self) -> &[Hop] {
        self.hop.as_ref().map_or(self.code.hops(), std::slice::from_ref)
    }

    /// The sentence, with how long it took where that was measured.
    pub fn told(&self) -> String {
        match self.elapsed {
            Some(elapsed) => format!("{} ({} ms)", self.text, elapsed.as_millis()),
            None => self.text.clone(),
        }
    }

    /// What to do next, on a line of its own.
    pub(crate) fn next(&self) -> String {
        let next = self.advice.as_ref().map(|advice| format!("\nnext: {advice}"));
        next.unwrap_or_default()
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        (self.code, self.verdict, &self.text, &self.advice) == (other.code, other.verdict, &other.text, &other.advice)
    }

    /// With a verdict that depends on what was found.
    pub fn new(code: Code, verdict: Verdict, text: impl Into<String>) -> Self {
        Self {
            code,
            verdict,
            text: text.into(),
            advice: None,
            subject: None,
            elapsed: None,
            hop: None,
            acknowledged: false,
        }
    }
}

/// Findings that say the same of several subjects, shown once with all their subjects, for the reader. JSON keeps one each.
pub(crate) fn grouped<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<(&'a Finding, Vec<&'a str>)> {
    let mut groups: Vec<(&Finding, Vec<&str>)> = Vec::new();
    for finding in findings {
        let subject = finding.subject.as_deref();
        if let Some((_, subjects)) = groups.iter_mut().find(|(first, _)| first.says_the_same_as(finding)) {
            subjects.extend(subject);
        } else {
            groups.push((finding, subject.into_iter().collect()));
        }
    }
    groups
}

mod codes;
mod effect;

pub use codes::Code;
pub(crate) use effect::Proves;
pub use effect::{Hop, Section};

/// The whole of docs/troubleshooting.md: every code with its meaning and fix.
pub fn troubleshooting_markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    let mut section = None;
    for code in Code::ALL {
        if section != Some(code.section()) {
            section = Some(code.section());
            let heading = code.section().as_str();
            let _ = write!(
                page,
                "\n## {heading}\n\n| code | what it means | what to do |\n|---|---|---|\n"
            );
        }
        let (name, meaning, fix) = (code.as_str(), cell(code.meaning()), cell(code.fix()));
        let _ = writeln!(page, "| <a id=\"{name}\"></a>`{name}` | {meaning} | {fix} |");
    }
    page
}

const INTRODUCTION: &str = "\
# Troubleshooting

<!-- Written by `troubleshooting_markdown()` in src/finding.rs; tests/docs.rs compares, and writes it anew with UPDATE_DOCS=1. -->

Every finding has a stable code for scripts (`steps[].findings[].code` in the JSON report), a verdict and a text.

- *good*: no problem.
- *unknown*: cannot be checked from here. The text shows where to check. The exit code does not change.
- *bad*: a problem that stitch-pg does not fix by itself. `check` and `setup` exit with 4.
";

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
