//! Every command and flag. No logic: values stay raw text, so that whatever is wrong with them is told at once by
//! [`crate::settings`]. This is also the only place that looks at the program's real environment.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::report::Format;
use crate::settings::file::DEFAULT_FILE;
use crate::settings::{Audience, Draft};

mod config_file;
mod flags;
mod pages;
mod surroundings;

pub use config_file::{config_file, config_schema};
pub use pages::{completions, flags_markdown, man_page};
pub use surroundings::environment;

/// Makes a PostgreSQL server ready to be a Stitch destination.
///
/// Walks through each documented step: says what and why, shows the exact command, asks, runs it, and looks again. A
/// second run changes nothing.
#[derive(Debug, Parser)]
#[command(name = "stitch-pg", version, max_term_width = 80, after_help = EXAMPLES, subcommand_value_name = "COMMAND")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    run: Run,

    #[command(flatten)]
    settings: flags::Settings,
}

const EXAMPLES: &str = "\
Examples:
  stitch-pg                                   walk through everything, asking
  stitch-pg plan --host db.example.com        only look, and say what it finds
  stitch-pg setup --bastion me@ssh.example.com --host 10.0.0.5 --via-bastion
  stitch-pg setup --yes --no-input --region europe --password-file stitch.pw
  stitch-pg script --for dba > setup.sql      for somebody else to run

Settings: flag, then environment, then stitch-pg.toml, then a question, then
the default. Exit codes: 0 ready, 1 a step failed, 2 usage or settings,
3 check found changes pending, 4 something needs a person, 130 stopped.";

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Walk through every step: show, ask, change, look again (the default)
    Setup,
    /// Look at everything and print what setup would change
    Plan,
    /// As plan, and rehearse what Stitch will do; nothing stays changed
    Check,
    /// Take Stitch's access away again; no database, schema or table is dropped
    Remove,
    /// Print the commands for someone else to run; needs no connection
    Script {
        /// Whom it is for: SQL, a POSIX shell script, or provider command lines; all three without it
        #[arg(long = "for", value_name = "AUDIENCE")]
        audience: Option<Audience>,
        /// Look at the servers first, and print only what is missing
        #[arg(long)]
        from_plan: bool,
    },
    /// Write, check and describe the settings file
    Config {
        /// What to do
        #[command(subcommand)]
        what: Config,
    },
    /// Explain an error message of Stitch, PostgreSQL, a driver, ssh or sshd; works offline
    Explain {
        /// The message, or - to read it from standard input
        #[arg(value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Try the whole setup on a throw-away server; nothing is left behind
    Demo,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        // An identifier of its own: `--shell`, a setting, is accepted after every command.
        #[arg(id = "completed-shell", value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// The page of this command
        #[arg(id = "page", value_name = "COMMAND")]
        page: Option<String>,
    },
}

/// What to do with the settings file.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Config {
    /// Say what is wrong with a settings file, without connecting to anything
    Check {
        /// The file
        #[arg(value_name = "FILE", default_value = DEFAULT_FILE)]
        file: PathBuf,
    },
    /// Ask as setup does, and write the answers to a commented file; no secret is in it
    Init {
        /// The file; must not exist yet
        #[arg(value_name = "FILE", default_value = DEFAULT_FILE)]
        file: PathBuf,
    },
    /// Print the JSON Schema of the settings file
    Schema,
}

/// How to run, whatever the command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Running")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that is there or not, as clap has it"
)]
pub struct Run {
    /// Settings file
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Approve every change
    #[arg(short, long)]
    pub yes: bool,

    /// With --yes and nobody to ask: make what this login can make, even when the rest is left for others
    #[arg(long)]
    pub partial: bool,

    /// Never ask; implied when standard input is not a terminal
    #[arg(long)]
    pub no_input: bool,

    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

    /// Also write the JSON report to this file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Append the undoing command of each change as it is applied
    #[arg(long, value_name = "FILE")]
    pub undo: Option<PathBuf>,

    /// Change nothing but what was approved: the digest that plan prints, or a file with its JSON or Markdown
    #[arg(long, value_name = "DIGEST|FILE")]
    pub expect: Option<String>,

    /// Write all that goes into Stitch's form, and what a security team asks about, to this file (mode 0600)
    #[arg(long, value_name = "FILE")]
    pub sheet: Option<PathBuf>,

    /// With the password in it
    #[arg(long, requires = "sheet")]
    pub sheet_password: bool,

    /// When to use colours.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help = "Colours; NO_COLOR is heeded"
    )]
    pub color: clap::ColorChoice,

    /// Say more on the way
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Say nothing on the way, only the result
    #[arg(short, long)]
    pub quiet: bool,
}

/// A command line, taken apart.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What to do.
    pub command: Command,
    /// How to run.
    pub run: Run,
    /// The settings that were given as flags, as raw text.
    pub flags: Draft,
}

/// The command line this process was started with; a usage error, `--help` and `--version` end the process here.
#[must_use]
pub fn parse() -> Invocation {
    parse_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
}

/// Takes a command line apart.
///
/// # Errors
/// A usage error, or the text of `--help` or `--version`.
pub fn parse_from(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let matches = command().try_get_matches_from(arguments)?;
    let cli = Cli::from_arg_matches(&matches)?;
    Ok(Invocation {
        command: cli.command.unwrap_or(Command::Setup),
        run: cli.run,
        flags: flags::draft(&matches),
    })
}

/// The command line as clap has it: every flag is accepted before and after the command, and its help names the
/// environment variable, the file key and the default from the table of settings.
#[must_use]
pub fn command() -> clap::Command {
    let command = Cli::command().mut_args(|arg| flags::annotate(arg).global(true));
    let pages: Vec<_> = command
        .get_subcommands()
        .map(|page| page.get_name().to_owned())
        .collect();
    let known = move |name: &str| {
        let there = pages.iter().any(|page| page == name);
        there
            .then(|| name.to_owned())
            .ok_or_else(|| format!("the commands are {}", pages.join(", ")))
    };
    command.mut_subcommand("man", |man| man.mut_arg("page", |arg| arg.value_parser(known)))
}

#[cfg(test)]
mod tests;
