//! What the program was started in, as plain data: only `cli.rs` reads the real environment, all other code gets this, and tests
//! make their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use super::libpq;
use super::problems::Problems;
use super::registry::SettingId;

/// What decides the look, as the environment has it.
#[derive(Clone, Debug, Default)]
pub struct TerminalEnv {
    /// `LC_ALL`, else `LC_CTYPE`, else `LANG`.
    pub locale: String,
    /// `TERM`.
    pub term: String,
    /// Whether `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
    /// `PAGER`.
    pub pager: Option<String>,
    /// Whether the terminal is known to show links (OSC 8).
    pub shows_links: bool,
}

/// The names that are read besides those of the settings' table.
pub const OTHER_NAMES: &[&str] = &["PGSERVICEFILE", "PGSYSCONFDIR", "SUDO_UID"];

/// What the program was started in.
#[derive(Clone, Default)]
pub struct Environment {
    /// What decides how output looks.
    pub surroundings: TerminalEnv,
    /// The variables we read, those that are set and not empty. An empty one means *not given*: that is what a CI
    /// system makes of a secret it does not have.
    pub variables: BTreeMap<String, OsString>,
    /// Reads any other variable, as the SSH client's configuration may name one (`${NAME}`).
    pub lookup: Option<fn(&str) -> Option<String>>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// The login name on this machine.
    pub os_user: Option<String>,
    /// This machine's name.
    pub machine: Option<String>,
    /// The current directory, which paths are relative to.
    pub directory: PathBuf,
    /// The directories of `PATH`.
    pub search_path: Vec<PathBuf>,
    /// The directories that may hold a local server's Unix socket, best first.
    pub socket_directories: Vec<PathBuf>,
    /// What standard input is.
    pub stdin: Stdin,
}

/// What standard input is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stdin {
    /// A terminal, at which you can be asked.
    Terminal,
    /// A file, a pipe, nothing.
    #[default]
    Other,
}

impl Environment {
    /// Every variable name worth collecting.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SettingId::ALL
            .iter()
            .filter_map(|id| id.env())
            .chain(OTHER_NAMES.iter().copied())
            .chain(libpq::variables().map(|entry| entry.env))
    }

    /// A variable as text; one that is not UTF-8 is a problem. Its value is not shown, it may be a secret.
    pub fn text(&self, name: &str, problems: &mut Problems) -> Option<String> {
        let value = self.variables.get(name).filter(|value| !value.is_empty())?;
        let text = value.to_str();
        if text.is_none() {
            problems.wrong(format_args!("{name}: its value is not valid UTF-8"));
        }
        text.map(str::to_owned)
    }

    /// A variable that holds a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables
            .get(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    }

    /// A path as you wrote it: `~/` at its start means the home directory.
    pub fn expand(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        }
    }
}

impl fmt::Debug for Environment {
    /// Names only: some of the values are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.keys())
            .field("home", &self.home)
            .field("os_user", &self.os_user)
            .field("stdin", &self.stdin)
            .finish_non_exhaustive()
    }
}
