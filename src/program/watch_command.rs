//! `stitch-pg watch`.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::voice::{ATTENTION, STOPPED};
use crate::ask::Asker;
use crate::console::output;
use crate::console::terminal::{Enter, Terminal};
use crate::report::Format;
use crate::run_session::Stop;
use crate::settings::{Problems, Settings, span};
use crate::visible;
use crate::watch::{Until, Watch};
use crate::world::{self, Access, Reader, Writer};

/// `--for`: seconds, or a number with a unit.
pub(super) fn duration(text: &str) -> Result<Duration, Problems> {
    let is_bare = text.bytes().all(|byte| byte.is_ascii_digit());
    let time = span(&if is_bare { format!("{text}s") } else { text.to_owned() });
    time.map_err(|_| {
        problem(&format!(
            "--for: {text:?} is not a time; write it like 30, 30s, 10m or 2h"
        ))
    })
}

pub(super) fn problem(text: &str) -> Problems {
    let mut problems = Problems::default();
    problems.wrong(text);
    problems
}

/// Text or JSON; the other formats have a report that this command has not.
pub(super) fn format(format: Format, command: &str) -> Result<Format, Problems> {
    match format {
        Format::Text | Format::Json => Ok(format),
        _ => Err(problem(&format!("{command} knows --format text and --format json"))),
    }
}

/// The wizard's last question. What was set up stays as it is, whatever comes of the watching.
pub(super) async fn offer(
    settings: &Settings,
    asker: Asker,
    (voice, enter): (Terminal, Enter),
    stop: &mut Stop,
) -> Result<()> {
    let question = "Watch for Stitch's connection now?";
    let ask = move || voice.agrees_below_form(question, enter, world::opened);
    if stop.unless_requested(ask).await? != Some(true) {
        return Ok(());
    }
    if let Err(error) = run(settings, asker, Format::Text, None, stop).await {
        output::say(&visible::message(&format!(
            "stitch-pg: {error:#}\nnext: stitch-pg watch"
        )));
    }
    Ok(())
}

pub(super) async fn run(
    settings: &Settings,
    asker: Asker,
    format: Format,
    limit: Option<Duration>,
    stop: &mut Stop,
) -> Result<u8> {
    let mut world = Writer::new(settings, Access::ReadOnly, asker);
    let seen = wait(settings, world.reader(), format, (Until::In, limit), stop).await?;
    let (result, text, code) = match seen {
        Waited::In => ("ready", "Ready: Stitch logged in.", 0),
        Waited::TooLong { .. } => ("attention", TOO_LONG, ATTENTION),
        Waited::Stopped => ("stopped", "Stopped. watch changes nothing.", STOPPED),
    };
    if format == Format::Json {
        output::document(&json!({ "result": result, "exit_code": code }).to_string())?;
    } else {
        output::show(text)?;
    }
    Ok(code)
}

const TOO_LONG: &str = "Not ready: Stitch did not log in in this time. Where nothing of Stitch's is shown above, its packets \
                        do not arrive. Next: stitch-pg check";

/// What came of the waiting.
pub(super) enum Waited {
    /// Stitch is in.
    In,
    /// It did not come in time, or came with another password.
    TooLong {
        refused: bool,
    },
    Stopped,
}

pub(super) async fn wait(
    settings: &Settings,
    reader: &mut Reader,
    format: Format,
    (until, limit): (Until, Option<Duration>),
    stop: &mut Stop,
) -> Result<Waited> {
    let mut watch = Watch::new(settings, format, until);
    let over = tokio::time::sleep(limit.unwrap_or(Duration::MAX));
    let waited = tokio::select! {
        seen = Box::pin(watch.run(reader)) => seen.map(|()| Waited::In),
        () = over => Ok(Waited::TooLong { refused: false }),
        () = stop.requested() => Ok(Waited::Stopped),
    };
    let refused = watch.refused;
    Ok(match waited? {
        Waited::TooLong { .. } => Waited::TooLong { refused },
        waited => waited,
    })
}
