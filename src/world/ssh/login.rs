//! Proving who we are: the agent's keys, key files, and at last a password, when the server takes one and somebody can
//! be asked. What worked is kept, so that a second session asks nobody.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ssh2::{ErrorCode, Prompt, Session};

use crate::ask::Asker;
use crate::secret::Secret;
use crate::settings::{AgentKeys, IdentitySource, SshTarget};
use crate::visible::one_line;
use crate::world::ssh::errors::{Plainly as _, plain};
use crate::world::ssh::key_file::{is_encrypted, public_part};
use crate::world::ssh::relay::{Bounds, LOGIN};

/// How often a passphrase or password is asked for.
const ATTEMPTS: usize = 3;

/// More questions of a server are not put to anybody.
const QUESTIONS: usize = 20;

/// An agent may ask a person before it signs.
const AGENT: Duration = Duration::from_mins(1);

/// What convinced the server.
#[derive(Clone)]
pub(super) enum Credential {
    /// It asked for nothing.
    Nothing,
    /// A key in the agent, by its public part.
    Agent(Vec<u8>),
    /// A key file.
    File { pem: Secret, passphrase: Option<Secret> },
    /// A password.
    Password(Secret),
    /// Answers to the server's own questions.
    Answers(Vec<Secret>),
}

impl Credential {
    /// A key of our own, without a passphrase.
    pub(super) fn key(pem: &Secret) -> Self {
        Self::File {
            pem: pem.clone(),
            passphrase: None,
        }
    }

    /// Logs in the same way on another session.
    pub(super) fn repeat(self, session: &Session, user: &str) -> Result<Self> {
        match &self {
            Self::Nothing => drop(session.auth_methods(user)),
            Self::Agent(blob) => drop(with_agent(session, user, &mut Vec::new(), |key| {
                key == blob.as_slice()
            })?),
            Self::File { pem, passphrase } => {
                session
                    .userauth_pubkey_memory(user, None, pem.reveal(), passphrase.as_ref().map(Secret::reveal))
                    .plainly()?;
            }
            Self::Password(password) => session.userauth_password(user, password.reveal()).plainly()?,
            Self::Answers(answers) => {
                let mut next = answers.iter().cloned();
                session
                    .userauth_keyboard_interactive(user, &mut Answering(|_: &str| next.next()))
                    .plainly()?;
            }
        }
        if !session.authenticated() {
            bail!("the server accepted this login before and now refuses it");
        }
        Ok(self)
    }
}

/// Tries everything the server takes, in order; the error names all that was tried.
pub(super) fn log_in(
    session: &Session,
    target: &SshTarget,
    asker: &Asker,
    (bounds, timeout): (&Bounds, Duration),
) -> Result<Credential> {
    bounds.begin(timeout, LOGIN);
    let offered = match session.auth_methods(&target.user) {
        Ok(methods) => methods.to_owned(),
        Err(_) if session.authenticated() => return Ok(Credential::Nothing),
        Err(error) => bail!(plain(&error).context("the server does not say how to log in")),
    };
    let takes = |method: &str| offered.split(',').any(|offer| offer == method);
    let mut attempt = Attempt {
        session,
        target,
        asker,
        bounds,
        timeout,
        tried: Vec::new(),
    };
    if takes("publickey")
        && let Some(proof) = attempt.keys()?
    {
        return Ok(proof);
    }
    if takes("password")
        && let Some(proof) = attempt.password()
    {
        return Ok(proof);
    }
    if takes("keyboard-interactive")
        && let Some(proof) = attempt.answers()
    {
        return Ok(proof);
    }
    let tried = match attempt.tried.as_slice() {
        [] => "nothing could be tried".to_owned(),
        tried => format!("tried {}", tried.join("; ")),
    };
    bail!(
        "the server refused {}: {tried}. It takes: {offered}. Name another key with --bastion-identity, or load it into \
         the agent with ssh-add",
        target.user
    )
}

struct Attempt<'a> {
    session: &'a Session,
    target: &'a SshTarget,
    asker: &'a Asker,
    bounds: &'a Bounds,
    timeout: Duration,
    tried: Vec<String>,
}

impl Attempt<'_> {
    /// The next try has its own time.
    fn begin(&self) {
        self.bounds.begin(self.timeout, LOGIN);
    }

    /// Asks a person, which the server's time does not count.
    fn ask(&self, question: &str) -> Option<Secret> {
        if self.bounds.are_exceeded() {
            return None;
        }
        self.bounds.pause();
        let answer = (self.asker.secret)(question);
        self.begin();
        answer
    }

    /// Named keys go first, from the agent where it holds them; servers hang up after six wrong ones.
    fn keys(&mut self) -> Result<Option<Credential>> {
        let only_listed = self.target.agent_keys == AgentKeys::Listed;
        let named: Vec<Vec<u8>> = match self.target.identity_source {
            IdentitySource::Default if !only_listed => Vec::new(),
            _ => self
                .target
                .identities
                .iter()
                .filter_map(|path| public_part(path))
                .collect(),
        };
        let user = &self.target.user;
        let is_named = |key: &[u8]| named.iter().any(|blob| blob == key);
        if !named.is_empty()
            && let Some(blob) = self.agent(user, is_named)?
        {
            return Ok(Some(Credential::Agent(blob)));
        }
        let files_first = self.target.identity_source == IdentitySource::Named;
        if files_first && let Some(proof) = self.files()? {
            return Ok(Some(proof));
        }
        if !only_listed && let Some(blob) = self.agent(user, |key| !is_named(key))? {
            return Ok(Some(Credential::Agent(blob)));
        }
        if files_first { Ok(None) } else { self.files() }
    }

    fn agent(&mut self, user: &str, wanted: impl Fn(&[u8]) -> bool) -> Result<Option<Vec<u8>>> {
        self.bounds.begin(self.timeout.max(AGENT), LOGIN);
        with_agent(self.session, user, &mut self.tried, wanted)
    }

    fn files(&mut self) -> Result<Option<Credential>> {
        for path in &self.target.identities.clone() {
            let pem = match fs::read_to_string(path) {
                Ok(pem) => Secret::new(pem),
                Err(error) if self.target.identity_source == IdentitySource::Named => {
                    return Err(error).with_context(|| format!("cannot read the private key {}", path.display()));
                }
                Err(_) => continue,
            };
            if let Some(proof) = self.file(path, &pem) {
                return Ok(Some(proof));
            }
        }
        Ok(None)
    }

    fn file(&mut self, path: &Path, pem: &Secret) -> Option<Credential> {
        let shown = path.display();
        if !is_encrypted(pem.reveal()) {
            return match self.try_key(pem, None) {
                Ok(proof) => Some(proof),
                Err(error) => {
                    self.tried.push(format!("the key {shown} ({})", plain(&error)));
                    None
                }
            };
        }
        for _ in 0..ATTEMPTS {
            let Some(passphrase) = self.ask(&format!("Passphrase of {shown}")) else {
                self.tried.push(format!(
                    "the key {shown} (it has a passphrase, and nobody could be asked)"
                ));
                return None;
            };
            match self.try_key(pem, Some(passphrase)) {
                Ok(proof) => return Some(proof),
                // -48: PEM; -16 and -19: OpenSSH's own format, which libssh2 cannot tell from a damaged file.
                Err(error) if matches!(error.code(), ErrorCode::Session(-48 | -16 | -19 | -1)) => {
                    self.tried.push(format!("the key {shown} (wrong passphrase)"));
                }
                Err(error) => {
                    self.tried.push(format!("the key {shown} ({})", plain(&error)));
                    return None;
                }
            }
        }
        None
    }

    fn try_key(&self, pem: &Secret, passphrase: Option<Secret>) -> Result<Credential, ssh2::Error> {
        self.begin();
        let words = passphrase.as_ref().map(Secret::reveal);
        self.session
            .userauth_pubkey_memory(&self.target.user, None, pem.reveal(), words)?;
        Ok(Credential::File {
            pem: pem.clone(),
            passphrase,
        })
    }

    fn password(&mut self) -> Option<Credential> {
        for _ in 0..ATTEMPTS {
            let question = format!("SSH password of {}", self.target);
            let Some(password) = self.ask(&question) else {
                self.tried.push("no password (nobody could be asked)".to_owned());
                return None;
            };
            match self.session.userauth_password(&self.target.user, password.reveal()) {
                Ok(()) if self.session.authenticated() => return Some(Credential::Password(password)),
                Ok(()) => self.tried.push("a password (more is wanted)".to_owned()),
                Err(error) => self.tried.push(format!("a password ({})", plain(&error))),
            }
        }
        None
    }

    fn answers(&mut self) -> Option<Credential> {
        for _ in 0..ATTEMPTS {
            self.begin();
            let mut given = Vec::new();
            let target = self.target;
            let attempt = &*self;
            let mut ask = Answering(|question: &str| {
                if given.len() >= QUESTIONS {
                    return None;
                }
                let question = one_line(question.trim().trim_end_matches(':'));
                let question = format!("{target} asks: {question}");
                // Where nobody is asked, the server's time goes on.
                let answer = if attempt.asker.attended {
                    attempt.ask(&question)?
                } else {
                    (attempt.asker.secret)(&question)?
                };
                given.push(answer.clone());
                Some(answer)
            });
            // The time that a person takes is not the server's, as libssh2 would have it.
            self.session.set_timeout(0);
            let outcome = self.session.userauth_keyboard_interactive(&target.user, &mut ask);
            self.session
                .set_timeout(u32::try_from(self.timeout.as_millis()).unwrap_or(u32::MAX));
            match outcome {
                Ok(()) if self.session.authenticated() => return Some(Credential::Answers(given)),
                _ if given.is_empty() => {
                    self.tried
                        .push("keyboard-interactive (nobody could be asked)".to_owned());
                    return None;
                }
                _ => self.tried.push("keyboard-interactive (refused)".to_owned()),
            }
        }
        None
    }
}

/// Tries those of the agent's keys that `wanted` picks: all of them, not only the first as libssh2's shortcut does.
fn with_agent(
    session: &Session,
    user: &str,
    tried: &mut Vec<String>,
    wanted: impl Fn(&[u8]) -> bool,
) -> Result<Option<Vec<u8>>> {
    let mut agent = session.agent().context("libssh2 cannot speak to an agent")?;
    if agent.connect().is_err() || agent.list_identities().is_err() {
        return Ok(None);
    }
    for identity in agent.identities().context("the SSH agent does not list its keys")? {
        if !wanted(identity.blob()) {
            continue;
        }
        match agent.userauth(user, &identity) {
            Ok(()) if session.authenticated() => return Ok(Some(identity.blob().to_vec())),
            Ok(()) => tried.push(format!("the agent's key {:?} (more is wanted)", identity.comment())),
            Err(error) => tried.push(format!("the agent's key {:?} ({})", identity.comment(), plain(&error))),
        }
    }
    Ok(None)
}

/// Answers a server's questions one by one; without an answer the rest stay empty and the login fails.
struct Answering<F>(F);

impl<F: FnMut(&str) -> Option<Secret>> ssh2::KeyboardInteractivePrompt for Answering<F> {
    fn prompt(&mut self, _user: &str, _instructions: &str, prompts: &[Prompt<'_>]) -> Vec<String> {
        let mut answers = Vec::new();
        for prompt in prompts {
            match (self.0)(&prompt.text) {
                Some(answer) => answers.push(answer.reveal().to_owned()),
                None => answers.push(String::new()),
            }
        }
        answers
    }
}
