//! `stitch-pg explain`: takes a message from the command line or from standard input.

use std::io::IsTerminal as _;

use anyhow::{Context, Result};

use super::voice::{FAILED, print, stopped};
use super::watch_command;
use crate::console::output;
use crate::explain::{Table, as_json, as_text};
use crate::report::Format;
use crate::run_session::Stop;
use crate::settings::bounded;

/// Exit status 0 when the message is known, 1 when it is not.
pub(super) async fn run(text: &[String], format: Format, stop: &mut Stop) -> Result<u8> {
    let format = watch_command::format(format, "explain")?;
    let given = Some(text.join(" ")).filter(|text| !matches!(text.as_str(), "" | "-"));
    let given = match given {
        Some(text) => Some(text),
        None => read(stop).await?,
    };
    let Some(text) = given else {
        return Ok(stopped());
    };
    let table = Table::built_in();
    let found = table.explain(&text);
    print(&match format {
        Format::Json => as_json(&found),
        _ => as_text(&found),
    })?;
    Ok(if found.is_empty() { FAILED } else { 0 })
}

/// What stands on standard input; `None` when you stopped it.
async fn read(stop: &mut Stop) -> Result<Option<String>> {
    if std::io::stdin().is_terminal() {
        output::say("Paste the message, then press Ctrl-D on a line of its own.");
    }
    let read = stop.unless_requested(|| bounded(std::io::stdin())).await?;
    let read = read.transpose().context("cannot read standard input")?;
    Ok(read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
