//! `stitch-pg explain`: takes a message from the command line or from standard input.

use std::io::{IsTerminal as _, Read as _};

use anyhow::{Context, Result};

use super::exit::{FAILED, print, stopped};
use crate::console::output;
use crate::explain::{Table, as_json, as_text};
use crate::report::Format;
use crate::run_session::Stop;
use crate::settings::Problems;

/// More of a log than this is not read, in bytes.
const MOST: u64 = 1 << 16;

/// Exit status 0 when the message is known, 1 when it is not.
pub(super) async fn run(text: &[String], format: Format, stop: &mut Stop) -> Result<u8> {
    if !matches!(format, Format::Text | Format::Json) {
        let mut problems = Problems::default();
        problems.wrong(format_args!("explain knows --format text and --format json"));
        return Err(problems.into());
    }
    let given = match text {
        [] => None,
        [dash] if dash == "-" => None,
        words => Some(words.join(" ")),
    };
    let Some(text) = (match given {
        Some(text) => Some(text),
        None => read(stop).await?,
    }) else {
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

/// What stands on standard input; `None` when the person stopped.
async fn read(stop: &mut Stop) -> Result<Option<String>> {
    if std::io::stdin().is_terminal() {
        output::say("Paste the message, then press Ctrl-D on a line of its own.");
    }
    // Reading blocks; on a thread of its own it leaves Ctrl-C to be heard.
    let reading = tokio::task::spawn_blocking(|| {
        let mut bytes = Vec::new();
        let read = std::io::stdin().take(MOST).read_to_end(&mut bytes);
        read.map(|_| String::from_utf8_lossy(&bytes).into_owned())
    });
    tokio::select! {
        read = reading => Ok(Some(read.context("reading was interrupted")?.context("cannot read standard input")?)),
        () = stop.requested() => Ok(None),
    }
}
