//! `--format`, which may be repeated: what goes to standard output, and what to files.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, Error, Result, anyhow, ensure};
use clap::ValueEnum as _;

use super::whole::Format;
use crate::report_file;
use crate::settings::Problems;

/// One `--format`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    format: Format,
    /// `None`: standard output.
    file: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (format, file) = text
            .split_once('=')
            .map_or((text, None), |(format, file)| (format, Some(file)));
        let format = Format::from_str(format, false)
            .map_err(|_| anyhow!("{format:?} is not one of text, json, markdown, junit, github"))?;
        ensure!(file != Some(""), "the name of the file is missing behind =");
        ensure!(
            format != Format::Text || file.is_none(),
            "text goes to standard output; redirect it to have it in a file"
        );
        let file = file.map(PathBuf::from);
        Ok(Self { format, file })
    }
}

/// All of a run's.
#[derive(Clone, Debug)]
pub(crate) struct Outputs {
    /// What goes to standard output.
    pub(crate) shown: Format,
    /// Whether annotations for GitHub follow the text.
    pub(crate) annotated: bool,
    files: Vec<(Format, PathBuf)>,
}

impl Outputs {
    /// `report`: `--report FILE`, which is `--format json=FILE`.
    ///
    /// # Errors
    /// Two documents for standard output.
    pub(crate) fn of(given: &[Output], report: Option<&Path>) -> Result<Self, Problems> {
        let shown = given.iter().filter(|output| output.file.is_none());
        let mut shown: Vec<Format> = shown.map(|output| output.format).collect();
        shown.dedup();
        let (shown, annotated) = match shown[..] {
            [] => (Format::Text, false),
            [only] => (only, false),
            // A line that is no annotation is text to GitHub.
            [Format::Text, Format::Github] | [Format::Github, Format::Text] => (Format::Text, true),
            _ => {
                let mut problems = Problems::default();
                problems.wrong("--format has two documents for standard output; write one of them to a file, like --format junit=FILE");
                return Err(problems);
            }
        };
        let named = |output: &Output| Some((output.format, output.file.clone()?));
        let report = report.map(|path| (Format::Json, path.to_owned()));
        Ok(Self {
            shown,
            annotated,
            files: given.iter().filter_map(named).chain(report).collect(),
        })
    }

    /// Refuses files that could not be written in the end, before anything is changed.
    pub(crate) fn check(&self) -> Result<()> {
        self.files.iter().try_for_each(|(_, path)| report_file::check(path))
    }

    /// Writes each file anew. One that cannot be written does not keep the others from being written.
    pub(crate) fn write(&self, document: impl Fn(Format) -> Option<String>) -> Result<()> {
        let mut failed = Ok(());
        for (format, path) in &self.files {
            let Some(text) = document(*format) else { continue };
            let written = report_file::write(path, &format!("{text}\n"));
            failed = failed.and(written.with_context(|| format!("the report as {format:?}").to_lowercase()));
        }
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_go_to_one_place_each() {
        let given = |texts: &[&str]| -> Vec<Output> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        for (texts, wanted) in [
            (&[][..], Some((Format::Text, false, 0))),
            (&["json"], Some((Format::Json, false, 0))),
            (&["text", "junit=out.xml", "github"], Some((Format::Text, true, 1))),
            (&["json=a", "markdown=b"], Some((Format::Text, false, 2))),
            (&["json", "junit"], None),
            (&["json", "text"], None),
        ] {
            let outputs = Outputs::of(&given(texts), None).ok();
            let seen = outputs.map(|outputs| (outputs.shown, outputs.annotated, outputs.files.len()));
            assert_eq!(seen, wanted, "{texts:?}");
        }
        for bad in ["yaml", "json=", "text=out.txt", ""] {
            assert!(bad.parse::<Output>().is_err(), "{bad}");
        }
    }
}
