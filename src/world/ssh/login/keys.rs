//! Keys, in ssh's order with one exception: a file that was named comes before the agent's keys that were not. Servers count
//! refused keys, hang up after a few, and may then refuse the address for a while; so none is shown twice.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ssh2::{ErrorCode, PublicKey, Session};

use super::{ATTEMPTS, Attempt, Credential};
use crate::secret::Secret;
use crate::settings::{AgentKeys, IdentitySource, SshAgent, SshTarget};
use crate::world::ssh::key_file::{IN_HARDWARE, is_encrypted, is_hardware, public_part, unusable};
use crate::world::ssh::layer::plain;
use crate::world::ssh::relay::LOGIN;

/// An agent may ask you before it signs.
const AGENT: Duration = Duration::from_secs(60);

impl Attempt<'_> {
    pub(super) fn keys(&mut self) -> Result<Option<Credential>> {
        let identities = &self.target.identities;
        let named: Vec<Vec<u8>> = identities.iter().filter_map(|path| public_part(path)).collect();
        let agent = Agent::open(self.session, self.target)?;
        let agent = agent.as_ref();
        if agent.is_some_and(|agent| agent.keys.is_empty()) {
            self.tried
                .push("the agent's keys (it shows none; a locked one needs ssh-add -X)".to_owned());
        }
        let of_agent = |blob: &Vec<u8>| agent?.find(blob).map(|key| key.blob().to_vec());
        let first: Vec<Vec<u8>> = named.iter().filter_map(of_agent).collect();
        let others: Vec<Vec<u8>> = agent
            .filter(|_| self.target.agent_keys == AgentKeys::All)
            .into_iter()
            .flat_map(|agent| agent.keys.iter().map(|key| key.blob().to_vec()))
            .filter(|blob| !first.contains(blob))
            .collect();
        if let Some(proof) = self.of_agent(agent, &first)? {
            return Ok(Some(proof));
        }
        if self.target.identity_source == IdentitySource::Default {
            if let Some(proof) = self.of_agent(agent, &others)? {
                return Ok(Some(proof));
            }
            return self.files(&first);
        }
        match self.files(&first)? {
            Some(proof) => Ok(Some(proof)),
            None => self.of_agent(agent, &others),
        }
    }

    fn of_agent(&mut self, agent: Option<&Agent>, blobs: &[Vec<u8>]) -> Result<Option<Credential>> {
        for blob in blobs {
            let Some((agent, key)) = agent.and_then(|agent| Some((agent, agent.find(blob)?))) else {
                continue;
            };
            let name = format!("the agent's key {:?}", key.comment());
            if is_hardware(blob) {
                self.tried.push(format!("{name} ({IN_HARDWARE})"));
                continue;
            }
            self.bounds.begin(self.timeout.max(AGENT), LOGIN);
            let outcome = agent.agent.userauth(&self.target.user, key);
            self.shown += 1;
            let proof = Credential::Agent(blob.clone());
            match outcome {
                Ok(()) => return Ok(Some(proof)),
                Err(error) if error.code() == ErrorCode::Session(-19) && error.message().starts_with("Callback") => {
                    self.tried.push(format!(
                        "{name} (the agent refused to sign: nobody confirmed it, or the key is limited to some hosts, which your own \
                         ssh supports: add --ssh-command ssh)"
                    ));
                }
                Err(error) => self.refused(&name, &error, proof)?,
            }
        }
        Ok(None)
    }

    /// Notes a refusal; ends the login where the server has hung up.
    fn refused(&mut self, name: &str, error: &ssh2::Error, proof: Credential) -> Result<()> {
        // It asked for a signature, and there is nothing wrong with that.
        if error.code() == ErrorCode::Session(-19) && error.message().starts_with("Invalid signature") {
            self.accepted.push(proof);
            self.tried
                .push(format!("{name} (accepted, but the server requires more)"));
            return Ok(());
        }
        // libssh2 has the last for the agent's keys.
        let is_over =
            matches!(error.code(), ErrorCode::Session(-13 | -43 | -7)) || error.message().starts_with("Waiting for");
        if is_over && !self.bounds.are_exceeded() {
            let why = if self.shown == 1 {
                "It may have accepted the key and refused the account (PAM, an end date, /etc/nologin); the reason is in its log: \
                 journalctl -u ssh -u sshd, or /var/log/auth.log"
            } else {
                "It allows no more tries (MaxAuthTries): give the right key with --bastion-identity, or in ~/.ssh/config with \
                 IdentityFile and IdentitiesOnly yes"
            };
            bail!(
                "the server closed the connection after {}: {}. {why}",
                crate::plural::pluralize(self.shown, "key"),
                if self.tried.is_empty() {
                    name.to_owned()
                } else {
                    self.tried.join("; ")
                }
            );
        }
        self.tried.push(format!("{name} ({})", plain(error)));
        Ok(())
    }

    /// `known`: those that the agent has offered.
    fn files(&mut self, known: &[Vec<u8>]) -> Result<Option<Credential>> {
        for path in &self.target.identities.clone() {
            let bytes = match fs::read(path) {
                Ok(bytes) => bytes,
                Err(error) if self.target.identity_source == IdentitySource::Flag => {
                    return Err(error).with_context(|| format!("cannot read the private key {}", path.display()));
                }
                Err(error) => {
                    if self.target.identity_source == IdentitySource::Config {
                        self.tried.push(format!("the key {} ({error})", path.display()));
                    }
                    continue;
                }
            };
            if public_part(path).is_some_and(|blob| known.contains(&blob)) {
                continue;
            }
            let Ok(text) = String::from_utf8(bytes) else {
                self.tried
                    .push(format!("the key {} (it is not UTF-8 text)", path.display()));
                continue;
            };
            let pem = Secret::new(text.trim_start_matches('\u{feff}').to_owned());
            if let Some(why) = unusable(pem.reveal()) {
                self.tried.push(format!("the key {} ({why})", path.display()));
            } else if let Some(proof) = self.file(path, &pem)? {
                return Ok(Some(proof));
            }
        }
        Ok(None)
    }

    fn file(&mut self, path: &Path, pem: &Secret) -> Result<Option<Credential>> {
        let certificate = format!("{}-cert.pub", path.display());
        let name = if Path::new(&certificate).exists() {
            format!(
                "the key {} without its certificate, which libssh2 cannot use",
                path.display()
            )
        } else {
            format!("the key {}", path.display())
        };
        if !is_encrypted(pem.reveal()) {
            return match self.try_key(pem, None) {
                (proof, Ok(())) => Ok(Some(proof)),
                (proof, Err(error)) => self.refused(&name, &error, proof).map(|()| None),
            };
        }
        for _ in 0..ATTEMPTS {
            let Some(passphrase) = self.ask(&format!("Passphrase of {}", path.display())) else {
                self.tried
                    .push(format!("{name} (it has a passphrase, and there is no terminal to ask)"));
                return Ok(None);
            };
            match self.try_key(pem, Some(passphrase)) {
                (proof, Ok(())) => return Ok(Some(proof)),
                // -48: PEM; -16 and -19: OpenSSH's own format, which libssh2 cannot tell from a damaged file.
                (_, Err(error))
                    if matches!(error.code(), ErrorCode::Session(-48 | -16 | -19 | -1))
                        && !error.message().starts_with("Invalid signature") =>
                {
                    self.tried.push(format!("{name} (wrong passphrase)"));
                }
                (proof, Err(error)) => return self.refused(&name, &error, proof).map(|()| None),
            }
        }
        Ok(None)
    }

    fn try_key(&mut self, pem: &Secret, passphrase: Option<Secret>) -> (Credential, Result<(), ssh2::Error>) {
        self.begin();
        self.shown += 1;
        let words = passphrase.as_ref().map(Secret::reveal);
        let outcome = self
            .session
            .userauth_pubkey_memory(&self.target.user, None, pem.reveal(), words);
        let proof = Credential::File {
            pem: pem.clone(),
            passphrase,
        };
        (proof, outcome)
    }
}

/// An agent that answered.
pub(super) struct Agent {
    pub(super) agent: ssh2::Agent,
    pub(super) keys: Vec<PublicKey>,
}

impl Agent {
    /// `None`: there is none, or it does not answer.
    pub(super) fn open(session: &Session, target: &SshTarget) -> Result<Option<Self>> {
        let mut agent = session.agent().context("libssh2 cannot use an SSH agent")?;
        match &target.agent {
            SshAgent::None => return Ok(None),
            SshAgent::Usual => {}
            SshAgent::Socket(path) => agent
                .set_identity_path(path)
                .with_context(|| format!("libssh2 refuses the agent's socket {}", path.display()))?,
        }
        if agent.connect().is_err() || agent.list_identities().is_err() {
            return Ok(None);
        }
        let keys = agent.identities().context("the SSH agent does not list its keys")?;
        Ok(Some(Self { agent, keys }))
    }

    pub(super) fn find(&self, blob: &[u8]) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.blob() == blob)
    }
}
