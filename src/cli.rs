//! Every command and flag. No logic: values stay raw text, so that whatever is wrong with them is told at once by
//! [`crate::settings`]. This is also the only place that looks at the program's real environment.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::console::output;
use crate::report::Output;
use crate::settings::file::DEFAULT_FILE;
use crate::settings::{Audience, Draft};
use crate::visible;

mod config_file;
mod flags;
mod pages;
mod shown;
mod terminal_env;

pub use config_file::{config_file, config_schema};
pub use pages::{completions, flags_markdown, man_page};
pub use terminal_env::environment;

/// Makes a PostgreSQL server ready to be a Stitch destination.
///
/// Walks through each documented step: says what and why, shows the exact command, asks, runs it, and checks again. A
/// second run changes nothing.
#[derive(Debug, Parser)]
#[command(name = "stitch-pg", version, max_term_width = 80, after_help = MORE, after_long_help = EXAMPLES, subcommand_value_name = "COMMAND")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    run: RunArgs,
}

const EXAMPLES: &str = "\
Examples:
  stitch-pg                                   set up step by step
  stitch-pg plan --host db.example.com        show what would change
  stitch-pg setup --bastion me@ssh.example.com --host 10.0.0.5 --via-bastion
  stitch-pg setup --yes --no-input --region europe --password-file stitch.pw
  stitch-pg script --for dba > setup.sql      commands for your DBA

Settings come from flags, the environment, stitch-pg.toml, questions and
defaults, in this order. stitch-pg connects only to your server, your SSH
server and, with --register, Stitch. No telemetry.

Exit codes: 0 ready, 1 a step failed, 2 usage or settings, 3 check found
changes to make, 4 a problem that stitch-pg does not change, 130 stopped.";

const MORE: &str = "\
Without a command: setup. Every flag of a command: stitch-pg COMMAND --help.";

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Set up the server step by step, asking before each change
    #[command(alias = "init")]
    Setup,
    /// Show what setup would change, and change nothing
    Plan,
    /// Check everything and run a test load as Stitch, rolled back
    #[command(aliases = ["doctor", "verify", "status"])]
    Check,
    /// Remove Stitch's access; databases, schemas and tables stay
    Remove,
    /// Print the commands for a DBA, sysadmin or cloud admin to run
    Script {
        /// Recipient: dba (SQL), sysadmin (POSIX shell), cloud (provider commands) or stitch (API request); the first three without it
        #[arg(long = "for", value_name = "AUDIENCE")]
        audience: Option<Audience>,
        /// Check the servers first, and print only what is missing
        #[arg(long)]
        from_plan: bool,
    },
    /// Write, check or describe the settings file
    Config {
        /// What to do
        #[command(subcommand)]
        what: Config,
    },
    /// Show what arrives from Stitch, hop by hop, until it connects
    Watch {
        /// Stop after this time: 30, 30s or 10m
        #[arg(long = "for", value_name = "DURATION")]
        limit: Option<String>,
    },
    /// Set a new password for Stitch's role, here and in Stitch
    Rotate {
        /// Stop waiting for Stitch after this time: 30, 30s or 10m
        #[arg(long = "for", value_name = "DURATION")]
        limit: Option<String>,
    },
    /// Explain an error message of Stitch, PostgreSQL, a driver or ssh
    Explain {
        /// The message, or - to read it from standard input
        #[arg(value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Run the whole setup on a temporary server
    Demo,
    /// Print a completion script for a shell
    Completions {
        /// Shell to complete for
        // An identifier of its own: `--shell`, a setting, is accepted after every command.
        #[arg(id = "completed-shell", value_name = "SHELL")]
        shell: clap_complete::Shell,
        /// Install it for you, or for everyone when root runs it
        #[arg(long)]
        install: bool,
    },
    /// Print a manual page
    Man {
        /// Command whose page is printed
        #[arg(id = "page", value_name = "COMMAND")]
        page: Option<String>,
        /// Install all pages for you, or for everyone when root runs it
        #[arg(long, conflicts_with = "page")]
        install: bool,
    },
}

/// What to do with the settings file.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Config {
    /// Check a settings file without connecting to anything
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
pub struct RunArgs {
    /// Settings file to use
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Approve every change
    #[arg(short, long)]
    pub yes: bool,

    /// With --yes: make what this login can make, even when others must do the rest
    #[arg(long)]
    pub partial: bool,

    /// Never ask (implied without a terminal)
    #[arg(long)]
    pub no_input: bool,

    /// Output: text (default), json, markdown, junit or github
    ///
    /// May be repeated: FORMAT=FILE writes one more document to a file.
    #[arg(long, value_name = "FORMAT")]
    pub format: Vec<Output>,

    /// Write the JSON report to this file too
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Append the command that undoes each change to this file
    #[arg(long, value_name = "FILE")]
    pub undo: Option<PathBuf>,

    /// Change nothing but what was approved: the digest that plan printed for this server, port, login and SSH server
    #[arg(long, value_name = "DIGEST")]
    pub expect: Option<String>,

    /// Write the values for Stitch's form to this file (mode 0600)
    #[arg(long, value_name = "FILE")]
    pub sheet: Option<PathBuf>,

    /// Write the password to --sheet too
    #[arg(long, requires = "sheet")]
    pub sheet_password: bool,

    /// When to use colours.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help = "When to use colours (NO_COLOR is respected)"
    )]
    pub color: clap::ColorChoice,

    /// Show every check, also those that passed
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Show problems and the result only
    #[arg(short, long)]
    pub quiet: bool,
}

/// A command line, taken apart.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What to do.
    pub command: Command,
    /// How to run.
    pub run: RunArgs,
    /// The settings that were given as flags, as raw text.
    pub flags: Draft,
}

/// The command line this process was started with; a usage error, `--help` and `--version` end the process here.
pub fn parse() -> Invocation {
    parse_from(std::env::args_os()).unwrap_or_else(|error| {
        // It repeats what was typed, which may come from elsewhere: a pull request's title.
        let text = error.render().to_string();
        let shown = visible::text(&text);
        if error.use_stderr() && (visible::unobeyed(&shown) != text || std::env::args_os().any(|word| has_lines(&word)))
        {
            let lines: Vec<&str> = shown.trim_end().lines().collect();
            output::say(&lines.join("\n| "));
            std::process::exit(error.exit_code());
        }
        error.exit()
    })
}

fn has_lines(word: &OsString) -> bool {
    word.to_string_lossy().contains('\n')
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
pub fn command() -> clap::Command {
    let command = shown::in_help(Cli::command().args(flags::args()).mut_args(|arg| arg.global(true)));
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
