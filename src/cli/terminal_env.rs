//! Looks at the real environment, once, and makes plain data of it.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use rustix::system::uname;

use crate::settings::local_users::{accounts, passwd};
use crate::settings::{Environment, Stdin, TerminalEnv};

/// What this process was started in.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
pub fn environment() -> Environment {
    let variables = Environment::names()
        .filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Environment {
        surroundings: TerminalEnv {
            locale: ["LC_ALL", "LC_CTYPE", "LANG"]
                .into_iter()
                .find_map(variable)
                .unwrap_or_default(),
            term: variable("TERM").unwrap_or_default(),
            no_color: variable("NO_COLOR").is_some(),
            pager: variable("PAGER"),
            shows_links: shows_links(variable),
        },
        variables,
        lookup: Some(|name| std::env::var(name).ok()),
        home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
        // libpq asks the system who is running it, not `USER`, which sudo and containers leave behind.
        os_user: account().or_else(|| variable("USER")).or_else(|| variable("LOGNAME")),
        machine: Some(uname().nodename().to_string_lossy().into_owned()),
        directory: std::env::current_dir().unwrap_or_default(),
        search_path: std::env::var_os("PATH")
            .map(|path| std::env::split_paths(&path).collect())
            .unwrap_or_default(),
        socket_directories: ["/var/run/postgresql", "/run/postgresql", "/tmp"]
            .map(PathBuf::from)
            .to_vec(),
        stdin: asking(),
    }
}

/// Terminals that show links, by what they set. Inside tmux and screen none of it says what the terminal outside can do.
fn shows_links(variable: impl Fn(&str) -> Option<String>) -> bool {
    const THEIRS: &str = "WT_SESSION KONSOLE_VERSION KITTY_WINDOW_ID WEZTERM_PANE ITERM_SESSION_ID GHOSTTY_BIN_DIR";
    let is_set = |name: &str| variable(name).is_some();
    let is_new_vte =
        || variable("VTE_VERSION").is_some_and(|version| version.parse().is_ok_and(|number: u32| number >= 5000));
    !is_set("TMUX") && !is_set("STY") && (is_new_vte() || THEIRS.split(' ').any(is_set))
}

/// Questions are written to stderr: with that in a file a person would wait before a dark screen.
#[expect(clippy::disallowed_methods, reason = "a check; nothing is written")]
fn asking() -> Stdin {
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        Stdin::Terminal
    } else {
        Stdin::Other
    }
}

/// The name of this process's account. Accounts from a directory service are not in that file; `USER` has to do for them.
fn account() -> Option<String> {
    let own = rustix::process::geteuid().as_raw();
    accounts(&passwd()).find_map(|(name, user, _)| (user == own).then(|| name.to_owned()))
}
