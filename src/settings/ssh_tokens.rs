//! `~`, `%` tokens and `${NAME}` in the values of the SSH client's configuration (`ssh_config(5)`, TOKENS).

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::names::Port;
use crate::settings::local_users;

/// What the tokens stand for.
pub(super) struct Tokens<'a> {
    pub(super) options: &'a AliasOptions,
    /// The name that is connected to.
    pub(super) host: &'a str,
    /// The name as it was typed.
    pub(super) typed: &'a str,
    /// `HostKeyAlias`, or the name as it was typed.
    pub(super) known_as: &'a str,
    pub(super) port: Port,
    pub(super) user: &'a str,
}

impl Tokens<'_> {
    /// A path that a line of the configuration names.
    pub(super) fn path(&self, text: &str, place: &str) -> Result<PathBuf> {
        let expanded = self.expanded(text);
        expanded.map(PathBuf::from).with_context(|| format!("{place} {text}"))
    }

    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.options.variable.and_then(|read| read(name))
    }

    pub(super) fn expanded(&self, text: &str) -> Result<String> {
        let home = self.options.home.to_string_lossy();
        let text = match text.strip_prefix('~') {
            Some(rest) => {
                let (user, _) = rest.split_once('/').unwrap_or((rest, ""));
                let other = || local_users::home_of(user).with_context(|| format!("there is no user {user}"));
                let home = if user.is_empty() {
                    home.clone().into_owned()
                } else {
                    other()?
                };
                home + &rest[user.len()..]
            }
            None => text.to_owned(),
        };
        let machine = &self.options.machine;
        let mut made = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['%', '$']) {
            made.push_str(&rest[..at]);
            let (sign, behind) = rest[at..].split_at(1);
            rest = behind;
            if sign == "$" {
                let Some((name, behind)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
                    made.push('$');
                    continue;
                };
                made.push_str(
                    &self
                        .variable(name)
                        .with_context(|| format!("the variable {name} is not set"))?,
                );
                rest = behind;
                continue;
            }
            let mut letters = rest.chars();
            match letters.next() {
                Some('%') => made.push('%'),
                Some('d') => made.push_str(&home),
                Some('h') => made.push_str(self.host),
                Some('i') => write!(made, "{}", rustix::process::geteuid().as_raw())?,
                Some('k') => made.push_str(self.known_as),
                Some('l') => made.push_str(machine),
                Some('L') => made.push_str(machine.split('.').next().unwrap_or_default()),
                Some('n') => made.push_str(self.typed),
                Some('p') => write!(made, "{}", self.port)?,
                Some('r') => made.push_str(self.user),
                Some('u') => made.push_str(&self.options.os_user),
                Some('C') => made.push_str(&self.connection()),
                Some(letter) => bail!("%{letter} is not known here"),
                None => bail!("there is a single % at the end"),
            }
            rest = letters.as_str();
        }
        made.push_str(rest);
        Ok(made)
    }

    /// `%C`: a hash of what is connected to.
    fn connection(&self) -> String {
        let text = format!("{}{}{}{}", self.options.machine, self.host, self.port, self.user);
        openssl::sha::sha1(text.as_bytes())
            .iter()
            .fold(String::new(), |mut made, byte| {
                let _ = write!(made, "{byte:02x}");
                made
            })
    }
}

/// What else decides: your own directory and name, and what the flags say.
#[derive(Clone, Debug, Default)]
pub struct AliasOptions {
    /// The home directory, in which `.ssh` is looked for.
    pub home: PathBuf,
    /// The client's configuration for every user of this machine.
    pub system: PathBuf,
    /// This machine's name.
    pub machine: String,
    /// Reads a variable of the environment, for `${NAME}`.
    pub variable: Option<fn(&str) -> Option<String>>,
    /// The login name here, used there unless another is given.
    pub os_user: String,
    /// `--bastion-identity`.
    pub identity: Option<PathBuf>,
    /// `--known-hosts`.
    pub known_hosts: Option<PathBuf>,
    /// `--host-key`.
    pub host_key: Option<String>,
    /// `--ssh-command`.
    pub ssh_command: Option<PathBuf>,
}
