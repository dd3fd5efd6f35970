//! Servers that your own files name, to be offered where one is asked for. What cannot be read is not offered; the code that needs
//! the file reports why.

use std::fmt;

use super::environment::Environment;
use super::{pgpass, service};

/// More lines than this are no help.
const OFFERED: usize = 9;

/// A PostgreSQL server that is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KnownServer {
    /// A service of `pg_service.conf`.
    Service(String),
    /// A line of `~/.pgpass`; `None` where it says `*`.
    PasswordLine {
        host: String,
        port: Option<String>,
        user: Option<String>,
    },
}

impl fmt::Display for KnownServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(name) => write!(f, "the service {name}"),
            Self::PasswordLine { host, port, user } => {
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                f.write_str(host)?;
                port.as_ref().map_or(Ok(()), |port| write!(f, ":{port}"))
            }
        }
    }
}

/// The servers libpq's files name.
pub(super) fn of_libpq(environment: &Environment) -> Vec<KnownServer> {
    let services = service::names(environment).into_iter().map(KnownServer::Service);
    let file = environment
        .path("PGPASSFILE")
        .or_else(|| Some(environment.home.as_ref()?.join(".pgpass")));
    let lines = file.map(|file| pgpass::servers(&file)).unwrap_or_default();
    let mut known: Vec<KnownServer> = Vec::new();
    for server in services.chain(lines) {
        if !known.contains(&server) {
            known.push(server);
        }
    }
    known.truncate(OFFERED);
    known
}

/// The names of the SSH client's configuration that stand for one server each.
pub(super) fn ssh_aliases(environment: &Environment) -> Vec<String> {
    let Some(home) = &environment.home else {
        return Vec::new();
    };
    let text = std::fs::read(home.join(".ssh/config")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut aliases: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut words = line
            .split(|c: char| c.is_whitespace() || c == '=')
            .filter(|word| !word.is_empty());
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("host")) {
            continue;
        }
        let names = words.filter(|word| !word.contains(['*', '?', '!', '"', '#']));
        for name in names {
            if !aliases.iter().any(|alias| alias == name) {
                aliases.push(name.to_owned());
            }
        }
    }
    aliases.truncate(OFFERED);
    aliases
}
