//! `--host-key` for ssh, which knows no such option: a command of its configuration (`KnownHostsCommand`) that vouches for the
//! one key. As with the built-in client it lets in an unknown key, never one where the files have another of the same type.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::log::last_words;
use super::{SshClient, WhenLeft, local, started};
use crate::names::Port;
use crate::secret::Secret;
use crate::world::known_hosts::{HostKeyVerdict, KnownHosts, Name};

/// The option. The shell is given what ssh puts in: fingerprint, name, type and key.
pub(super) async fn trusting(client: &SshClient, fingerprint: &str, timeout: Duration) -> Result<String> {
    let mut command = started(client);
    command.arg("-G").args(&client.destination);
    let asked = local::finish(command, Secret::new(String::new()), timeout, WhenLeft::Killed).await?;
    anyhow::ensure!(
        asked.status == 0,
        "ssh does not tell its configuration (ssh -G): {}",
        last_words(&asked.stderr)
    );
    let others = other_types(&asked.stdout)?;
    Ok(format!(
        "KnownHostsCommand=/bin/sh -c \"case \\\"$1 $3\\\" in {others}'{fingerprint} '*) printf '%%s %%s %%s\\n' \\\"$2\\\" \\\"$3\\\" \\\"$4\\\" ;; esac\" \
         sh %f %H %t %K"
    ))
}

/// The types of which the files have a key of this host, as branches of a shell's `case`.
fn other_types(configuration: &str) -> Result<String> {
    let value = |keyword: &str| {
        let mut lines = configuration.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(key, _)| *key == keyword).map(|(_, value)| value)
    };
    let files: Vec<PathBuf> = ["userknownhostsfile", "globalknownhostsfile"]
        .iter()
        .filter_map(|keyword| value(keyword))
        .flat_map(str::split_whitespace)
        .map(PathBuf::from)
        .collect();
    let known = KnownHosts::read(&files)?;
    let port: Port = value("port").unwrap_or("22").parse()?;
    let name = match value("hostkeyalias") {
        Some(alias) => Name::verbatim(alias),
        None => Name::new(value("hostname").context("ssh -G names no host")?, port),
    };
    let is_other = |kind: &&str| matches!(known.judge(&name, kind, &[]), HostKeyVerdict::Changed { .. });
    let is_word = |kind: &&str| kind.chars().all(|c| c.is_ascii_alphanumeric() || "-@.".contains(c));
    let kinds = known.kinds(&name).into_iter().filter(is_other).filter(is_word);
    Ok(kinds.flat_map(|kind| ["*' ", kind, "') ;; "]).collect())
}
