//! What is made for others: the script of a plan, and the settings file.

use anyhow::{Result, bail};
use clap::ColorChoice;

use super::voice::{print, stopped};
use super::wizard::Wizard;
use crate::ask::Asker;
use crate::cli::{self, Config, Invocation};
use crate::command::Command;
use crate::console::plain::{Plain, Volume};
use crate::console::style::Style;
use crate::output_file;
use crate::report::{Format, Outcome, Report};
use crate::run_session::Stop;
use crate::runner::{self, Run, Start};
use crate::script::{self, Plans};
use crate::settings::{self, Approval, Ask, Audience, Environment, Purpose, Settings, SettingsRequest, Stdin};
use crate::undo::UndoFile;
use crate::world::{Access, Writer};

/// Checks every step, and prints what is missing as a script for your DBA or another admin.
pub(super) async fn script_from_plan(
    mut settings: Settings,
    audience: Option<Audience>,
    stop: &mut Stop,
) -> Result<u8> {
    let mut world = Writer::new(&settings, Access::ReadOnly, Asker::nobody());
    let around = Environment::default().surroundings;
    let look = Style::of(&console::Term::stderr(), ColorChoice::Never, &around);
    let mut console = Plain::new(look, Approval::Asked, Format::Text, Volume::Quiet);
    let mut report = Report::new(Command::Plan);
    let mut run = Run {
        command: Command::Plan,
        world: &mut world,
        console: &mut console,
        undo: UndoFile::none(),
        start: Start::StepByStep,
        expected: None,
    };
    tokio::select! {
        looked = runner::run(&mut settings, &mut run, &mut report) => looked?,
        () = stop.requested() => return Ok(stopped()),
    }
    let failed = report.steps.iter().find_map(|step| match &step.outcome {
        Outcome::Failed(error, ..) => Some((step.step, error)),
        _ => None,
    });
    if let Some((step, error)) = failed {
        bail!("there is no plan for a script, because the step {step} failed: {error:#}");
    }
    print(&script::text(&settings, &Plans::seen(&report, &settings), audience))
}

/// The settings file: checked, written, described.
pub(super) async fn config(
    what: &Config,
    invocation: &Invocation,
    environment: Environment,
    stop: &mut Stop,
) -> Result<u8> {
    match what {
        Config::Schema => print(&cli::config_schema()),
        Config::Check { file } => {
            let count = settings::check_file(file, &environment)?;
            print(&format!("{}: {count} settings, no problem found\n", file.display()))
        }
        Config::Init { file } => {
            let request = SettingsRequest {
                purpose: Purpose::Plan,
                approval: Approval::Asked,
                config: invocation.run.config.clone(),
            };
            let flags = invocation.flags.clone();
            let asking = environment.stdin == Stdin::Terminal;
            let wizard = Wizard::new(invocation, &environment);
            let directory = environment.directory.clone();
            let ask = move || settings::answers(flags, &request, &environment, asking.then_some(&wizard as &dyn Ask));
            let Some(draft) = stop.unless_requested(ask).await? else {
                return Ok(stopped());
            };
            let draft = draft?;
            let text = cli::config_file(&draft, &directory, file);
            let path = directory.join(file);
            output_file::create(&path, &text, &path.display().to_string())?;
            print(&format!(
                "{} is written; review it, and run: stitch-pg plan --config {0}\n",
                file.display()
            ))
        }
    }
}
