//! What is generated from the command line: completions, the manual page, docs/flags.md.

use std::fmt::Write as _;
use std::io;

use crate::settings::{Region, SettingId, SslMode};

/// A shell's completion script.
pub fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut with_values(), "stitch-pg", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    if shell != clap_complete::Shell::Bash {
        return script;
    }
    // clap_complete 4.6 takes the hyphen of the program's name for the mark of a subcommand in one of two places, so that
    // nothing behind a command is completed.
    script.replace("stitch__subcmd__pg", "stitch__pg")
}

/// The command line with the values that a shell can offer. For parsing they stay raw text, so that everything that is wrong
/// is reported at once.
fn with_values() -> clap::Command {
    let values = [
        ("region", Region::ALL.map(Region::as_str).to_vec()),
        ("sslmode", SslMode::ALL.map(SslMode::as_str).to_vec()),
    ];
    let mut command = super::command();
    for (name, known) in values {
        command = command.mut_arg(name, |arg| {
            arg.value_parser(clap::builder::PossibleValuesParser::new(known))
        });
    }
    command
}

/// The manual page, or that of one command.
pub fn man_page(command: Option<&str>) -> io::Result<String> {
    // `stitch-pg help` is the pages themselves; it has none.
    let mut page = super::command().disable_help_subcommand(true);
    page.build();
    if let Some(command) = command.and_then(|name| page.find_subcommand(name)) {
        page = command.clone();
    }
    let title = page
        .get_display_name()
        .unwrap_or_else(|| page.get_name())
        .to_uppercase();
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .title(title)
        .date(WRITTEN)
        .render(&mut text)?;
    Ok(tidied(&String::from_utf8_lossy(&text)))
}

/// The date of the pages. Not today's: the same program writes the same page every day.
const WRITTEN: &str = "2026-11-29";

/// What `mandoc -T lint` finds fault with in `clap_mangen`'s pages: long lines of text, blanks at their ends, a break behind
/// an empty line.
fn tidied(page: &str) -> String {
    let mut tidy = String::new();
    let mut before = "";
    for line in page.replace("\n\n.br\n", "\n.br\n").lines() {
        let line = line.trim_end();
        if line == ".br" && before == ".br" {
            continue;
        }
        before = line;
        if line.starts_with('.') {
            tidy.push_str(line);
        } else {
            // A word that begins with a dot or a quote would be a macro at the beginning of a line.
            let may_begin = |word: &str| !word.starts_with(['.', '\'']);
            let mut width = 0;
            for (at, word) in line.split(' ').enumerate() {
                let wraps = width + word.len() > 79 && may_begin(word);
                match at {
                    0 => {}
                    _ if wraps => tidy.push('\n'),
                    _ => tidy.push(' '),
                }
                width = if wraps { word.len() } else { width + 1 + word.len() };
                tidy.push_str(word);
            }
        }
        tidy.push('\n');
    }
    tidy
}

/// The whole of docs/flags.md.
pub fn flags_markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    let command = super::command();
    let mut heading = None;
    for arg in command
        .get_arguments()
        .filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"))
    {
        if arg.get_help_heading() != heading {
            heading = arg.get_help_heading();
            let title = heading.unwrap_or("Options");
            let _ = write!(page, "\n## {title}\n\n{COLUMNS}");
        }
        let id = super::flags::setting(arg);
        let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
        let value = match arg.get_value_names() {
            Some(names) if arg.get_action().takes_values() => format!(" {}", names.join(" ")),
            _ => String::new(),
        };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.split(" [env:").next().unwrap_or_default();
        let default = match id {
            Some(id) => id.default_text().unwrap_or("–").to_owned(),
            None => arg
                .get_default_values()
                .first()
                .map_or("–".to_owned(), |text| text.to_string_lossy().into_owned()),
        };
        let _ = writeln!(
            page,
            "| {short}`--{}{value}` | {} | {} | {default} | {} |",
            arg.get_long().unwrap_or_default(),
            code(id.and_then(SettingId::env)),
            code(id.and_then(SettingId::key)),
            help.replace('|', "\\|"),
        );
    }
    page.push_str("\n## Only in the environment\n\n| environment | what it is |\n|---|---|\n");
    page.push_str(OTHERS);
    page
}

const INTRODUCTION: &str = "\
# Flags, environment variables, file keys

<!-- Written by `flags_markdown()` in src/cli/pages.rs; tests/docs.rs compares, and writes it anew with UPDATE_DOCS=1. -->

A flag overrides the environment, which overrides the file, which overrides an answer, which overrides
the default. The file is `stitch-pg.toml` in the current directory, or the one named with `--config`; `docs/example.toml`
shows every key. A path in the file is relative to the file. `--ssl`, `--no-ssl` and the like are `true` or `false` there.

One setting can contain several: each part of a URL, and of a service of `pg_service.conf`, has the priority of the
URL or service. `--host` overrides `--url`. `PGHOST` overrides `DATABASE_URL`. As in psql,
`PGSERVICE` overrides `PGHOST`.

The output always shows the settings file in use. stitch-pg refuses a settings file, a service file or a password file
if another user owns it or can write it.

No secret is ever a flag or a file key. An empty environment variable counts as not given.
";

const COLUMNS: &str = "| flag | environment | file key | default | what it is |\n|---|---|---|---|---|\n";

const OTHERS: &str = "\
| `STITCH_PG_SUDO_PASSWORD` | password for sudo on the SSH server, if sudo needs one |
| `PGREQUIREAUTH`, `PGPASSFILE`, `PGHOSTADDR` and all the others of libpq | see [libpq.md](libpq.md) |
| `PGSERVICEFILE`, `PGSYSCONFDIR` | where `pg_service.conf` is |
| `NO_COLOR` | no colours |
";

fn code(text: Option<&str>) -> String {
    text.map_or("–".to_owned(), |text| format!("`{text}`"))
}
