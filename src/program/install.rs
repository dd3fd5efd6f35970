//! `completions --install` and `man --install`: files where the shell and man look for them, yours or, for root, those of the
//! whole machine.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap_complete::Shell;
use rustix::process::geteuid;

use super::voice::print;
use crate::cli;
use crate::output_file::{Links, ORDINARY, Target};
use crate::settings::Environment;

/// The last line of each file, behind the mark of a comment: only such a file is written anew.
const MARK: &str = "Written by stitch-pg --install";

pub(super) fn completions(shell: Shell, environment: &Environment) -> Result<u8> {
    let (yours, for_all, next) = match shell {
        Shell::Bash => (
            ".local/share/bash-completion/completions/stitch-pg",
            "bash-completion/completions/stitch-pg",
            "start a new shell (the package bash-completion loads it)",
        ),
        Shell::Zsh => (
            ".local/share/zsh/site-functions/_stitch-pg",
            "zsh/site-functions/_stitch-pg",
            "where zsh does not look there, put before compinit in ~/.zshrc: fpath+=(~/.local/share/zsh/site-functions)",
        ),
        Shell::Fish => (
            ".config/fish/completions/stitch-pg.fish",
            "fish/vendor_completions.d/stitch-pg.fish",
            "start a new shell",
        ),
        other => bail!("--install knows bash, zsh and fish\nnext: stitch-pg completions {other} > FILE"),
    };
    let path = place(environment, yours, for_all)?;
    write(&path, cli::completions(shell), "#")?;
    print(&format!("{} is written\nNext: {next}\n", path.display()))
}

pub(super) fn man(environment: &Environment) -> Result<u8> {
    let folder = place(environment, ".local/share/man/man1", "man/man1")?;
    let mut said = String::new();
    let commands: Vec<String> = cli::command()
        .get_subcommands()
        .map(|page| page.get_name().to_owned())
        .collect();
    for command in std::iter::once(None).chain(commands.iter().map(Some)) {
        let text = cli::man_page(command.map(String::as_str))?;
        let name = command.map_or_else(|| "stitch-pg.1".to_owned(), |name| format!("stitch-pg-{name}.1"));
        let path = folder.join(name);
        write(&path, text, ".\\\"")?;
        let _ = writeln!(said, "{} is written", path.display());
    }
    print(&format!("{said}Next: man stitch-pg\n"))
}

/// In your home directory, or for root below /usr/local/share.
fn place(environment: &Environment, yours: &str, for_all: &str) -> Result<PathBuf> {
    if geteuid().is_root() {
        return Ok(Path::new("/usr/local/share").join(for_all));
    }
    let home = environment
        .home
        .as_ref()
        .context("there is no home directory to install into")?;
    Ok(home.join(yours))
}

fn write(path: &Path, mut text: String, comment: &str) -> Result<()> {
    let last = format!("{comment} {MARK}\n");
    text.push_str(&last);
    let written = || {
        std::fs::create_dir_all(path.parent().unwrap_or(path))?;
        Target::find(path, Links::Refused)?.replace(text.as_bytes(), ORDINARY, |old| old.ends_with(last.as_bytes()))
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}
