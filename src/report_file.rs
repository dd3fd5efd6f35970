//! `--report FILE`: a file, or what a shell puts in the place of one.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::output_file::{Links, ORDINARY, Target};

/// Refuses a place where the report could not be written in the end, before anything is changed.
pub(crate) fn check(path: &Path) -> Result<()> {
    if is_special(path) {
        return Ok(());
    }
    Target::find(path, Links::Refused)
        .map(drop)
        .with_context(|| failed(path))
}

/// Writes the report anew.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let write = || -> Result<()> {
        if !is_special(path) {
            return Target::find(path, Links::Refused)?.replace(text.as_bytes(), ORDINARY, |_| true);
        }
        let mut file = OpenOptions::new().write(true).open(path)?;
        ensure!(!file.metadata()?.is_file(), "it has been replaced by a file");
        Ok(file.write_all(text.as_bytes())?)
    };
    write().with_context(|| failed(path))
}

/// A terminal, a pipe (`/dev/stdout`, `>(jq .)` in bash) or `/dev/null`: nothing that holds what was written before.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.file_type().is_char_device() || found.file_type().is_fifo())
}

fn failed(path: &Path) -> String {
    format!("cannot write the report {}", path.display())
}
