//! What ssh writes to its log with `-v`: who the server is, what convinced it, and why it refuses.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{SshClient, WhenLeft, local, started};
use crate::names::Port;
use crate::secret::Secret;
use crate::visible::last_lines;
use crate::world::known_hosts::{HostKeyVerdict, KnownHosts, Name};
use crate::world::ssh::{SshLayer, TurnedAway};

/// What ssh reported about the server.
#[derive(Clone, Debug, Default)]
pub(in crate::world) struct Seen {
    /// What the server called itself.
    pub(in crate::world) greeting: String,
    /// The type and fingerprint of its host key.
    pub(in crate::world) host_key: Option<(String, String)>,
    /// The last key that it accepted, by its file.
    pub(super) key: Option<String>,
}

/// A server may have ssh write more than is of use.
const READ_MAX: u64 = 1 << 20;

/// A file in a folder of ours.
pub(super) struct Log {
    pub(super) path: PathBuf,
}

impl Log {
    /// How long it is now. Where it has grown long, as in a `watch` of days, it begins anew.
    pub(super) fn length(&self) -> u64 {
        match fs::metadata(&self.path).map_or(0, |log| log.len()) {
            READ_MAX.. => File::create(&self.path).map_or(READ_MAX, |_| 0),
            length => length,
        }
    }

    /// What was written since it was so long.
    pub(super) fn since(&self, length: u64) -> String {
        let mut bytes = Vec::new();
        if let Ok(mut log) = File::open(&self.path) {
            let _ = log.seek(SeekFrom::Start(length));
            let _ = log.take(READ_MAX).read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(super) fn seen(&self) -> Seen {
        let text = self.since(0);
        let after = |mark: &str| {
            text.lines()
                .filter_map(move |line| Some(line.split_once(mark)?.1))
                .next_back()
        };
        Seen {
            greeting: after("remote software version ").unwrap_or_default().to_owned(),
            host_key: after("debug1: Server host key: ")
                .and_then(|words| words.split_once(' '))
                .map(|(kind, fingerprint)| (kind.to_owned(), fingerprint.trim().to_owned())),
            key: after("debug1: Server accepts key: ").map(str::to_owned),
        }
    }
}

/// ssh's last words, on one line.
pub(super) fn last_words(said: &str) -> String {
    let aside = "debug|OpenSSH_|Authenticated to |Transferred: |Bytes per second|@@@".split('|');
    let refused = "kex_exchange_identification: banner line ";
    let lines = said
        .lines()
        // ssh puts these words in front of a line that came in the greeting's place.
        .map(|line| line.split_once(refused).map_or(line, |(_, words)| words))
        .filter(|line| !aside.clone().any(|begin| line.starts_with(begin)));
    last_lines(lines).unwrap_or("ssh printed nothing".to_owned())
}

/// How far ssh came, by what it says, and that in our words where there are better ones.
pub(super) fn refusal(said: &str, seen: &Seen, expected: Option<&str>) -> (SshLayer, String) {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let layer = if has(&["Host key verification failed", "HOST IDENTIFICATION HAS CHANGED"]) {
        SshLayer::HostKey
    } else if has(&["Could not resolve"]) {
        SshLayer::Name
    } else if has(&["Connection refused", "timed out", "No route", "unreachable"]) {
        SshLayer::Tcp
    } else if has(&["kex_exchange_identification", "Unable to negotiate"]) || TurnedAway::of(said).is_some() {
        SshLayer::Banner
    } else {
        SshLayer::Login
    };
    if let Some(turned_away) = TurnedAway::of(said) {
        return (layer, turned_away.to_string());
    }
    let unknown = has(&["host key is known for"]);
    let text = match (&seen.host_key, expected) {
        (Some((kind, shown)), Some(expected)) if unknown && shown != expected => format!(
            "its host key is {shown} ({kind}), not {expected} as given by --host-key; nothing was sent to it: {said}"
        ),
        (Some((kind, shown)), None) if unknown => format!(
            "its host key is not known: {kind} {shown}. Compare it with the key on the server's console (ssh-keygen -lf \
             /etc/ssh/ssh_host_ed25519_key.pub) and then add --host-key {shown}: {said}"
        ),
        _ if has(&["known_hosts_command", "nownhostscommand"]) => {
            format!("--host-key needs OpenSSH 8.5 or newer on this machine: {said}")
        }
        _ => said.to_owned(),
    };
    (layer, text)
}

/// Whether the server refuses for a while only.
pub(super) fn is_turned_away(text: &str) -> bool {
    TurnedAway::ALL
        .iter()
        .any(|turned_away| text.contains(&turned_away.to_string()))
}

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
