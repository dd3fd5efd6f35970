//! `stitch-pg rotate`.

use std::time::Duration;

use anyhow::{Error, Result, anyhow};
use serde_json::json;

use super::voice::{ATTENTION, FAILED, PENDING, STOPPED, stopped};
use super::watch_command::{Waited, wait};
use crate::ask::Asker;
use crate::console::output;
use crate::console::terminal::{Enter, Terminal};
use crate::report::Format;
use crate::rotate::Rotation;
use crate::run_session::Stop;
use crate::settings::{Approval, RolePassword, Settings};
use crate::visible;
use crate::world::stitch_api::UNSURE;
use crate::world::{Access, Writer};

/// So long Stitch's login is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) async fn run(
    settings: &Settings,
    asker: Asker,
    format: Format,
    (approval, limit): (Approval, Option<Duration>),
    stop: &mut Stop,
) -> Result<u8> {
    let attended = asker.attended;
    let world = Writer::new(settings, Access::ReadWrite, asker);
    let mut rotation = tokio::select! {
        prepared = Box::pin(Rotation::prepare(settings.clone(), world)) => prepared?,
        () = stop.requested() => return Ok(stopped()),
    };
    for line in rotation.plan() {
        say(&format!("  - {line}"));
    }
    if approval == Approval::Asked {
        let question = "Change the password now? Loads fail until Stitch has the new one.";
        match stop.unless_requested(|| Terminal::agrees(question, Enter::No)).await? {
            Some(true) => {}
            None => return Ok(stopped()),
            Some(false) => {
                say("Nothing was changed.");
                return Ok(PENDING);
            }
        }
    }
    if let RolePassword::Generated { secret, save_to: None } = &settings.stitch.password {
        // At a terminal; elsewhere the settings name a file.
        say(&format!("The new password, shown only here: {}", secret.reveal()));
    }
    let (made, code) = tokio::select! {
        made = Box::pin(rotation.set()) => (made, FAILED),
        () = stop.requested() => (Err(anyhow!("Stopped")), STOPPED),
    };
    match made {
        Ok(proof) => say(&format!("Changed: {proof}")),
        Err(error) => return failed(&mut rotation, error, format, code).await,
    }
    let (told, code) = tokio::select! {
        told = Box::pin(rotation.tell_stitch()) => (told, FAILED),
        () = stop.requested() => (Err(anyhow!("Stopped").context(UNSURE)), STOPPED),
    };
    if let Err(error) = told {
        return failed(&mut rotation, error, format, code).await;
    }
    let tells = rotation.tells_stitch();
    if tells {
        say("Stitch has the new password.");
    } else {
        say(&format!(
            "Type the new password into Stitch's form of the destination: {}",
            place(settings)
        ));
        if !attended {
            return end(
                format,
                "attention",
                "Not ready: Stitch needs the new password.",
                ATTENTION,
            );
        }
    }
    let limit = limit.or(tells.then_some(PATIENCE));
    let until = rotation.until();
    let seen = wait(settings, rotation.reader(), format, (until, limit), stop).await?;
    let (result, text, code) = match seen {
        Waited::In => ("ready", "Done: Stitch logged in with the new password.", 0),
        // Stitch said that it has the password, and comes with another one.
        Waited::TooLong { refused: true } if tells => {
            let error = anyhow!("Stitch's password was refused: it does not use the new one");
            return failed(&mut rotation, error, format, FAILED).await;
        }
        Waited::TooLong { .. } => ("attention", NOT_YET, ATTENTION),
        Waited::Stopped => (
            "stopped",
            "Stopped. The new password is set. Next: stitch-pg watch",
            STOPPED,
        ),
    };
    end(format, result, text, code)
}

const NOT_YET: &str =
    "Not ready: the new password is set, and Stitch has not logged in with it yet. Next: stitch-pg watch";

async fn failed(rotation: &mut Rotation, error: Error, format: Format, code: u8) -> Result<u8> {
    let text = format!("Failed: {:#}", rotation.put_back(error).await);
    end(format, "failed", &text, code)
}

fn end(format: Format, result: &str, text: &str, code: u8) -> Result<u8> {
    if format == Format::Json {
        output::document(&visible::json(
            &json!({ "result": result, "text": text, "exit_code": code }).to_string(),
        ))?;
    } else {
        output::show(&visible::message(text))?;
    }
    Ok(code)
}

/// Where the new password is.
fn place(settings: &Settings) -> String {
    match &settings.stitch.password {
        RolePassword::Generated {
            save_to: Some(path), ..
        } => format!("it is in {}", path.display()),
        RolePassword::Generated { save_to: None, .. } => "shown above".to_owned(),
        _ => "the one that you gave".to_owned(),
    }
}

fn say(text: &str) {
    output::say(&visible::one_line(text));
}
