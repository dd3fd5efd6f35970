//! From a command line to an exit code: picks the settings, the world and the voice, and hears Ctrl-C.

mod explain_command;
mod handing_over;
mod install;
mod rotate_command;
mod voice;
mod walk;
mod watch_command;
mod wizard;

use std::panic;
use std::process::ExitCode;

use anyhow::{Error, Result};
use console::Term;
use rustix::process::{Resource, Rlimit, setrlimit};
use voice::{FAILED, USAGE, approval, look, print, stopped, terminal};
use walk::walk;

use crate::ask::{Asker, Typed};
use crate::cli::{self, Command as CliCommand, Invocation};
use crate::command::Command;
use crate::console::output;
use crate::report::{Format, Outputs};
use crate::run_session::{Stop, is_broken_pipe};
use crate::settings::{Approval, Ask, Environment, Problems, Purpose, Settings, SettingsRequest, Stdin, complete};
use crate::{demo, platform, script, visible};
use wizard::Wizard;

/// The whole program.
pub fn main() -> ExitCode {
    harden();
    // The hook has said what there is to say.
    panic::catch_unwind(run).unwrap_or(ExitCode::from(FAILED))
}

fn run() -> ExitCode {
    let invocation = cli::parse();
    // First of all that touches OpenSSL, since only the first caller can keep it from cleaning up when the program ends:
    // a tunnel's thread may still be saying goodbye then, and would fall over what is gone.
    openssl::init();
    let environment = cli::environment();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&Error::new(error).context("cannot start"), FAILED),
    };
    let outcome = runtime.block_on(async {
        let mut stop = Stop::listen()?;
        Box::pin(dispatch(&invocation, environment, &mut stop)).await
    });
    // A question may still wait for its answer on another thread; it must not keep the program from ending.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) if error.is::<Problems>() => complain(&error, USAGE),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => complain(&error, FAILED),
    }
}

fn complain(error: &Error, code: u8) -> ExitCode {
    output::say(&visible::message(&format!("stitch-pg: {error:#}")));
    ExitCode::from(code)
}

async fn dispatch(invocation: &Invocation, mut environment: Environment, stop: &mut Stop) -> Result<u8> {
    if invocation.run.no_input {
        environment.stdin = Stdin::Other;
    }
    match &invocation.command {
        CliCommand::Setup => walk(Command::Setup, invocation, environment, stop).await,
        CliCommand::Plan => walk(Command::Plan, invocation, environment, stop).await,
        CliCommand::Check => walk(Command::Check, invocation, environment, stop).await,
        CliCommand::Remove => walk(Command::Remove, invocation, environment, stop).await,
        CliCommand::Script { audience, from_plan } => {
            let purpose = if *from_plan {
                Purpose::Plan
            } else {
                Purpose::Script(*audience)
            };
            let Some((settings, _)) = settings(purpose, invocation, &environment, stop).await? else {
                return Ok(stopped());
            };
            if *from_plan {
                Box::pin(handing_over::script_from_plan(settings, *audience, stop)).await
            } else {
                print(&script::text(&settings, &script::Plans::offline(&settings), *audience))
            }
        }
        CliCommand::Config { what } => Box::pin(handing_over::config(what, invocation, environment, stop)).await,
        CliCommand::Explain { text } => {
            let outputs = Outputs::of(&invocation.run.format, None)?;
            explain_command::run(text, outputs.shown, stop).await
        }
        CliCommand::Watch { limit } => watch(Purpose::Watch, invocation, &environment, limit.as_deref(), stop).await,
        CliCommand::Rotate { limit } => watch(Purpose::Rotate, invocation, &environment, limit.as_deref(), stop).await,
        CliCommand::Demo => demo::run(look(invocation, &environment, &Term::stdout()), &environment, stop).await,
        CliCommand::Completions { shell, install: true } => install::completions(*shell, &environment),
        CliCommand::Completions { shell, .. } => print(&cli::completions(*shell)),
        CliCommand::Man { install: true, .. } => install::man(&environment),
        CliCommand::Man { page, .. } => print(&cli::man_page(page.as_deref())?),
    }
}

/// The settings, asked for where a terminal is there; `None` when you stopped.
async fn settings(
    purpose: Purpose,
    invocation: &Invocation,
    environment: &Environment,
    stop: &mut Stop,
) -> Result<Option<(Settings, Typed)>> {
    let request = SettingsRequest {
        purpose,
        approval: approval(&invocation.run),
        config: invocation.run.config.clone(),
    };
    let mut wizard = Wizard::new(invocation, environment);
    wizard.detects = matches!(purpose, Purpose::Setup | Purpose::Plan | Purpose::Check);
    let typed = wizard.typed.clone();
    let (flags, environment) = (invocation.flags.clone(), environment.clone());
    let asking = environment.stdin == Stdin::Terminal && !matches!(purpose, Purpose::Script(_));
    let work = move || {
        if asking && purpose == Purpose::Setup {
            wizard.terminal.greet();
        }
        complete(flags, &request, &environment, asking.then_some(&wizard as &dyn Ask))
    };
    // Questions block.
    let Some(settings) = stop.unless_requested(work).await?.transpose()? else {
        return Ok(None);
    };
    for warning in &settings.warnings {
        output::say(&format!("stitch-pg: {}", visible::one_line(warning)));
    }
    Ok(Some((settings, typed)))
}

/// `watch`, and `rotate`, which watches at its end.
async fn watch(
    purpose: Purpose,
    invocation: &Invocation,
    environment: &Environment,
    limit: Option<&str>,
    stop: &mut Stop,
) -> Result<u8> {
    let rotates = purpose == Purpose::Rotate;
    let shown = Outputs::of(&invocation.run.format, None)?.shown;
    let format = watch_command::format(shown, if rotates { "rotate" } else { "watch" })?;
    let limit = limit.map(watch_command::duration).transpose()?;
    let approval = approval(&invocation.run);
    if rotates && approval == Approval::Asked && environment.stdin == Stdin::Other {
        let text = "rotate changes a password that Stitch uses: give --yes if there is no terminal";
        return Err(watch_command::problem(text).into());
    }
    let Some((settings, typed)) = settings(purpose, invocation, environment, stop).await? else {
        return Ok(stopped());
    };
    let asker = asker(invocation, environment).remembering(&typed);
    if rotates {
        rotate_command::run(&settings, asker, format, (approval, limit), stop).await
    } else {
        watch_command::run(&settings, asker, format, limit, stop).await
    }
}

/// Who is asked in the middle of a connection: you, at a terminal.
fn asker(invocation: &Invocation, environment: &Environment) -> Asker {
    if environment.stdin == Stdin::Terminal {
        terminal(invocation, environment, Format::Text).asker()
    } else {
        Asker::nobody()
    }
}

/// Before anything is read: a crash leaves no core file behind, and no word that might be a secret. Where the system refuses, the
/// run goes on as it would have before there was this.
fn harden() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    platform::hide_memory();
    panic::set_hook(Box::new(|crash| {
        // The message may quote what was being worked on; the place is enough to find the mistake.
        let place = crash
            .location()
            .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        output::say(&format!(
            "stitch-pg: this is a defect of stitch-pg, at {place}; please report it. Completed changes were kept. You can run the same command again."
        ));
    }));
}
