//! Which files an `Include` of the SSH client's configuration names.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Reader;
use crate::names::Port;
use crate::settings::ssh_tokens::Tokens;

impl Reader<'_> {
    /// The pattern of an `Include`, with the tokens and variables that OpenSSH 9.9 and newer put in.
    pub(super) fn expanded(&self, pattern: &str) -> Result<String> {
        if !pattern.contains('%') && !pattern.contains("${") {
            return Ok(pattern.to_owned());
        }
        let (host, user) = self.found()?;
        let tokens = Tokens {
            options: self.asked.options,
            host: &host,
            typed: self.asked.host,
            known_as: self.value("hostkeyalias")?.unwrap_or(self.asked.host),
            port: self
                .value("port")?
                .and_then(|port| port.parse().ok())
                .unwrap_or(Port::SSH),
            user: &user,
        };
        tokens.expanded(pattern)
    }

    /// The files of an `Include`, in order; what does not exist is passed over.
    pub(super) fn included(&self, pattern: &str, folder: &Path) -> Vec<PathBuf> {
        let path = match pattern.strip_prefix("~/") {
            Some(rest) => self.asked.options.home.join(rest),
            None => folder.join(pattern),
        };
        let options = glob::MatchOptions {
            require_literal_separator: true,
            require_literal_leading_dot: true,
            ..glob::MatchOptions::new()
        };
        let found = glob::glob_with(&path.to_string_lossy(), options);
        found.map(|paths| paths.flatten().collect()).unwrap_or_default()
    }
}
