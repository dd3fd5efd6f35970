//! A walk through the steps: from a command line to the run and its exit code.

use anyhow::{Context as _, Error, Result};
use console::Term;

use super::voice::{approval, look, stopped, terminal, volume};
use super::{settings, watch_command};
use crate::ask::Asker;
use crate::cli::Invocation;
use crate::command::Command;
use crate::console::output;
use crate::console::plain::{self, Plain};
use crate::console::terminal::{Enter, Terminal};
use crate::expect::Expected;
use crate::report::{Format, Outputs, usage};
use crate::run_session::{RunSession, Stop};
use crate::runner::Start;
use crate::settings::{Environment, Problems, Stdin, trust};
use crate::sheet::{Sheet, SheetPassword};
use crate::undo::UndoFile;
use crate::world::Access;

pub(super) async fn walk(
    command: Command,
    invocation: &Invocation,
    environment: Environment,
    stop: &mut Stop,
) -> Result<u8> {
    let run = &invocation.run;
    let outputs = Outputs::of(&run.format, run.report.as_deref())?;
    let prepared = async {
        let expected = expected(invocation)?;
        let settings = settings(command.into(), invocation, &environment, stop).await?;
        Ok::<_, Error>((expected, settings))
    };
    let (expected, settings, typed) = match prepared.await {
        Ok((expected, Some((settings, typed)))) => (expected, settings, typed),
        Ok((_, None)) => return Ok(stopped()),
        Err(error) => {
            not_begun(command, &outputs, &error)?;
            return Err(error);
        }
    };
    let format = outputs.shown;
    let on_terminal = environment.stdin == Stdin::Terminal;
    let unapproved = command.makes_changes() && !on_terminal && !run.yes;
    if unapproved {
        output::say(&format!(
            "stitch-pg: without a terminal and --yes, {} changes nothing. It acts as plan.",
            command.as_str()
        ));
    }
    let command = match command {
        Command::Setup if unapproved => Command::Plan,
        command => command,
    };
    let volume = volume(run);
    let mut voice = terminal(invocation, &environment, format);
    if command == Command::Remove {
        voice.enter = Enter::No;
    }
    let asker = if on_terminal {
        voice.asker().remembering(&typed)
    } else {
        Asker {
            tell: plain::tell(volume),
            ..Asker::nobody()
        }
    };
    let sheet = run.sheet.as_ref().map(|path| Sheet {
        path: path.clone(),
        password: if run.sheet_password {
            SheetPassword::Shown
        } else {
            SheetPassword::LeftOut
        },
    });
    outputs.check()?;
    sheet.as_ref().map_or(Ok(()), Sheet::check)?;
    let undo = match (&run.undo, command) {
        (Some(path), Command::Setup | Command::Remove) if !unapproved => {
            trust::place(path, &environment).context("cannot write the undo file")?;
            UndoFile::open(path, &settings)?
        }
        _ => UndoFile::none(),
    };
    if let Some(note) = undo.note() {
        output::say(&format!("stitch-pg: {note}"));
    }
    let journey = RunSession {
        command,
        access: if command.makes_changes() && !unapproved {
            Access::ReadWrite
        } else {
            Access::ReadOnly
        },
        settings,
        asker,
        undo,
        outputs,
        sheet,
        expected: expected.filter(|_| command.makes_changes()),
        start: match (run.yes && !run.partial, on_terminal) {
            (true, _) => Start::Whole,
            (false, true) => Start::Overview,
            (false, false) => Start::StepByStep,
        },
    };
    if on_terminal && command.makes_changes() {
        let offers = command == Command::Setup && !run.yes && format == Format::Text;
        return Box::pin(converse(journey, voice, offers, stop)).await;
    }
    let look = look(invocation, &environment, &Term::stdout());
    let mut plain = Plain::new(look, approval(run), format, volume);
    Ok(Box::pin(journey.go(&mut plain, stop)).await?.exit_code)
}

/// At a terminal. `offers`: to watch for Stitch at the end.
async fn converse(journey: RunSession, mut voice: Terminal, offers: bool, stop: &mut Stop) -> Result<u8> {
    let (settings, asker) = (journey.settings.clone(), journey.asker.clone());
    let ended = journey.go(&mut voice, stop).await?;
    if ended.came_through && offers {
        // Where something is in its way, Stitch is not expected yet.
        let enter = if ended.exit_code == 0 { Enter::Yes } else { Enter::No };
        watch_command::offer(&settings, asker, (voice, enter), stop).await?;
    }
    Ok(ended.exit_code)
}

/// Writes the document of a format for programs when settings are missing or malformed. Standard error reports the same for the
/// reader.
fn not_begun(command: Command, outputs: &Outputs, error: &Error) -> Result<()> {
    let Some(problems) = error.downcast_ref::<Problems>() else {
        return Ok(());
    };
    let document = |format| usage::document(format, command, problems);
    let annotations = outputs.annotated.then_some(Format::Github);
    for format in [outputs.shown].into_iter().chain(annotations) {
        document(format).map_or(Ok(()), |text| output::document(&text))?;
    }
    outputs.check()?;
    outputs.write(document)
}

/// The plan that was approved. What is wrong with it is a mistake in the command line like any other.
fn expected(invocation: &Invocation) -> Result<Option<Expected>, Problems> {
    let Some(given) = invocation.run.expect.as_deref() else {
        return Ok(None);
    };
    let expected = Expected::read(given).map(Some);
    expected.map_err(|error| watch_command::problem(&format!("{error:#}")))
}
