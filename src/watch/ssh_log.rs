//! The SSH server's log, read through the administrator's login: which keys were accepted or refused, which forwards.

use std::net::IpAddr;

use anyhow::{Context as _, Result, bail};
use tokio::sync::mpsc::Sender;
use tokio::time::sleep;

use super::event::{Event, LOST, Outcome, Sign, is_stitchs, note, tell};
use crate::explain::Origin;
use crate::public_key::PublicKey;
use crate::settings::{BastionSettings, Settings};
use crate::shell;
use crate::world::Reader;
use crate::world::host::Host;

/// So many seconds one reading waits for something new at most.
const LONGEST: u64 = 20;

/// The place in the log.
pub(super) struct SshLog<'a> {
    settings: &'a Settings,
    bastion: &'a BastionSettings,
    host: Host,
    is_root: bool,
    place: String,
}

impl<'a> SshLog<'a> {
    /// Finds the log; what cannot be seen goes to `hidden`.
    pub(super) async fn open(
        settings: &'a Settings,
        bastion: &'a BastionSettings,
        reader: &mut Reader,
        hidden: &mut Vec<(String, String)>,
    ) -> Option<Self> {
        let log = Self::find(settings, bastion, reader).await;
        let (what, next) = match &log {
            Ok(_) => (
                "forwards that were opened, unless sshd logs at LogLevel DEBUG1".to_owned(),
                "nothing; the login into PostgreSQL shows that the forward was opened",
            ),
            Err(error) => {
                let error = format!("{error:#}").replace("\nnext: ", "; ");
                let what = format!("the SSH server's log, so Stitch cannot be recognised: {error}");
                let next = "log in as root, as a user with sudo (--bastion USER@HOST) or as a member of the group adm";
                (what, next)
            }
        };
        hidden.push((what, next.to_owned()));
        log.ok()
    }

    async fn find(settings: &'a Settings, bastion: &'a BastionSettings, reader: &mut Reader) -> Result<Self> {
        let mut host = reader.take_host().await?;
        let mut log = Self {
            settings,
            bastion,
            is_root: host.is_root_unasked().await,
            host,
            place: String::new(),
        };
        log.read(0).await?;
        if log.place.is_empty() {
            bail!("this login may read neither the journal nor /var/log/auth.log, secure or messages");
        }
        Ok(log)
    }

    /// Reads on again and again; a lost connection is opened anew.
    pub(super) async fn follow(mut self, sender: Sender<Event>) {
        // A script gets six times as long.
        let wait = (3 * self.settings.timeout.as_secs()).clamp(1, LONGEST);
        let mut lost = false;
        loop {
            match self.read(wait).await {
                Ok(lines) => {
                    if std::mem::take(&mut lost) {
                        let text = "the SSH server is connected again";
                        note(&sender, Origin::SshLogin, text.to_owned()).await;
                    }
                    tell(&sender, lines.iter().filter_map(|line| self.event(line))).await;
                }
                Err(error) => {
                    if !std::mem::replace(&mut lost, true) {
                        let text = format!("the connection to the SSH server was lost, trying again: {error:#}");
                        note(&sender, Origin::SshLogin, text).await;
                    }
                    sleep(LOST).await;
                    // Where it fails, so does the next reading.
                    let _ = self.host.renew().await;
                }
            }
        }
    }

    async fn read(&mut self, wait: u64) -> Result<Vec<String>> {
        let script = shell::read_sshd_log(&self.bastion.tunnel_user, &self.place, wait);
        let printed = if self.is_root {
            self.host.as_root(&script).await?
        } else {
            self.host.as_self(&script).await?
        };
        let lines = printed.lines().filter_map(|line| line.strip_prefix("line="));
        let lines = lines.map(str::to_owned).collect();
        let place = printed.lines().rev().find_map(|line| line.strip_prefix("place="));
        place
            .context("the location of the log is not known")?
            .clone_into(&mut self.place);
        Ok(lines)
    }

    fn event(&self, line: &str) -> Option<Event> {
        let user = self.bastion.tunnel_user.as_str();
        let key = self.bastion.public_key.as_ref().map(PublicKey::fingerprint);
        let stitch = |address| is_stitchs(self.settings, address);
        event(message(line)?, user, key.as_deref(), &stitch)
    }
}

/// What stands behind the name of the program and its number. The first of these was written by the system.
fn message(line: &str) -> Option<&str> {
    let tags = [" sshd[", " sshd-session[", " sshd-auth[", " dropbear["];
    let found = tags.iter().filter_map(|tag| Some((line.find(tag)?, tag.len())));
    let (at, length) = found.min()?;
    let (number, message) = line[at + length..].split_once("]: ")?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(message)
}

/// How sshd begins what it says of logins that do not come about.
const REFUSED: [&str; 15] = [
    "Connection closed by ",
    "Connection reset by ",
    "Disconnected from authenticating user ",
    "Failed ",
    "Invalid user ",
    "User ",
    "error: maximum authentication attempts exceeded for ",
    "Authentication refused: ",
    "Authentication tried for ",
    "Unable to negotiate with ",
    "banner exchange: ",
    "drop connection ",
    "fatal: ",
    "userauth_pubkey: ",
    "Exit before auth ",
];
const FORWARD_REFUSED: [&str; 4] = [
    "refused local port forward: ",
    "error: connect_to ",
    "connect_to ",
    "Received request ",
];

/// What a message says about Stitch. `key`: the fingerprint of Stitch's.
fn event(message: &str, user: &str, key: Option<&str>, is_stitchs: &dyn Fn(IpAddr) -> bool) -> Option<Event> {
    let begins = |starts: &[&str]| starts.iter().any(|start| message.starts_with(start));
    if begins(&FORWARD_REFUSED) && (!message.starts_with("Received") || message.ends_with("was denied.")) {
        // The address in it is what the client says of itself.
        return Some(Event::new(Origin::Forward, Outcome::Failed, None, message).with(Sign::ForwardRefused));
    }
    if let Some(asked) = message.strip_prefix("server_request_direct_tcpip: ") {
        let text = format!("a forward was asked for: {asked}");
        return Some(Event::new(Origin::Forward, Outcome::Info, None, text));
    }
    let address = address(message);
    let seen = |outcome, text: &str| Some(Event::new(Origin::SshLogin, outcome, address, text));
    let accepted = [
        format!("Accepted publickey for {user} from "),
        format!("Pubkey auth succeeded for '{user}' with "),
    ];
    if accepted.iter().any(|start| message.starts_with(start)) {
        if key.is_some_and(|key| !message.split_whitespace().any(|word| word == key)) {
            let text = format!("another key than the one given was accepted: {message}");
            return seen(Outcome::Info, &text);
        }
        return Some(Event::new(Origin::SshLogin, Outcome::Ok, address, message).with(Sign::KeyAccepted));
    }
    let is_word = |c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c));
    let is_relevant = address.is_some_and(is_stitchs) || message.split(is_word).any(|word| word == user);
    if !is_relevant {
        return None;
    }
    let is_inside = !message.contains("[preauth]") && !message.contains("authenticating user");
    if message.starts_with("Disconnected from user ") || (message.starts_with("Connection closed by ") && is_inside) {
        return seen(Outcome::Info, &format!("the session ended: {message}"));
    }
    if begins(&REFUSED) {
        return seen(Outcome::Failed, message);
    }
    message.starts_with("Accepted ").then(|| seen(Outcome::Info, message))?
}

/// The address that sshd wrote: the last one, since names that a client gives stand before it.
fn address(message: &str) -> Option<IpAddr> {
    let word = if let Some((_, ip)) = message.split_once(", ip=") {
        ip.split(',').next()
    } else if let Some((before, _)) = message.rsplit_once(" port ") {
        before.rsplit(' ').next()
    } else {
        message.rsplit_once(" from ")?.1.split(' ').next()
    }?;
    let word = word.trim_matches(['<', '>', ':']);
    let host = match word.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => word,
    };
    host.parse().ok().or_else(|| host.rsplit_once(':')?.0.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "SHA256:abc";

    fn seen(line: &str) -> Option<(Outcome, Sign, Option<String>)> {
        let stitch = |address: IpAddr| address.to_string() == "52.23.137.21";
        let event = event(message(line)?, "stitch", Some(KEY), &stitch)?;
        Some((
            event.result,
            event.sign,
            event.address.map(|address| address.to_string()),
        ))
    }

    #[test]
    fn what_sshd_says_is_told_apart() {
        let from = Some("52.23.137.21".to_owned());
        for (said, wanted) in [
            (
                "Accepted publickey for stitch from 52.23.137.21 port 1 ssh2: RSA SHA256:abc",
                (Outcome::Ok, Sign::KeyAccepted, from.clone()),
            ),
            (
                "Accepted publickey for stitch from 52.23.137.21 port 1 ssh2: RSA SHA256:abcd",
                (Outcome::Info, Sign::Nothing, from.clone()),
            ),
            (
                "Connection closed by authenticating user stitch 52.23.137.21 port 1 [preauth]",
                (Outcome::Failed, Sign::Nothing, from.clone()),
            ),
            (
                "Invalid user x from 52.23.137.21 port 1",
                (Outcome::Failed, Sign::Nothing, from.clone()),
            ),
            (
                "drop connection #3 from [52.23.137.21]:1 on [10.0.0.1]:22 penalty: failed authentication",
                (Outcome::Failed, Sign::Nothing, from.clone()),
            ),
            (
                "Pubkey auth succeeded for 'stitch' with ssh-rsa key SHA256:abc from 52.23.137.21:1",
                (Outcome::Ok, Sign::KeyAccepted, from.clone()),
            ),
            (
                "Disconnected from user stitch 52.23.137.21 port 1",
                (Outcome::Info, Sign::Nothing, from.clone()),
            ),
            (
                "refused local port forward: originator 52.23.137.21 port 1, target 10.0.0.5 port 5432",
                (Outcome::Failed, Sign::ForwardRefused, None),
            ),
            (
                "Received request from 52.23.137.21 port 1 to connect to host x port 2, but the request was denied.",
                (Outcome::Failed, Sign::ForwardRefused, None),
            ),
            (
                "Authentication refused: bad ownership or modes for directory /home/stitch",
                (Outcome::Failed, Sign::Nothing, None),
            ),
        ] {
            let line = format!("Nov 30 09:41:07 bastion sshd-session[7]: {said}");
            assert_eq!(seen(&line), Some(wanted), "{said}");
        }
        for others in [
            "Accepted publickey for me from 10.0.0.2 port 1 ssh2: RSA SHA256:abc",
            "Server listening on 0.0.0.0 port 22.",
        ] {
            assert_eq!(
                seen(&format!("Nov 30 09:41:07 bastion sshd[7]: {others}")),
                None,
                "{others}"
            );
        }
    }

    /// A client that gives such a user name is not taken for Stitch.
    #[test]
    fn a_name_that_looks_like_a_login_is_none() {
        let forged = "Accepted publickey for stitch from 52.23.137.21 port 1 ssh2: RSA SHA256:abc";
        for start in ["", "sshd[1]: ", "x sshd[1]: "] {
            let line = format!("Nov 30 09:41:07 bastion sshd[7]: Invalid user {start}{forged} from 6.6.6.6 port 22");
            let seen = seen(&line);
            assert!(
                seen.is_none_or(|seen| seen.1 == Sign::Nothing && seen.2.as_deref() == Some("6.6.6.6")),
                "{line}"
            );
        }
        assert_eq!(
            seen(&format!("sshd[7]: {forged}")),
            None,
            "a line without the system's own beginning"
        );
    }
}
