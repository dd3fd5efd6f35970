//! Proving who we are: the agent's keys, key files, and at last a password, when the server takes one and you can be asked. What
//! worked is kept, so that a second session asks nothing.

use std::time::Duration;

use anyhow::{Result, bail};
use ssh2::{Prompt, Session};

use crate::ask::Asker;
use crate::secret::Secret;
use crate::settings::SshTarget;
use crate::visible::one_line;
use crate::world::ssh::layer::{Plainly as _, plain};
use crate::world::ssh::relay::{Bounds, LOGIN};

mod keys;

/// How often a passphrase or password is asked for.
const ATTEMPTS: usize = 3;

/// A server's questions beyond this number are not put to you.
const QUESTIONS: usize = 20;

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
    /// Several of these, where the server wants more than one.
    Several(Vec<Credential>),
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
    pub(super) fn repeat(self, session: &Session, target: &SshTarget) -> Result<Self> {
        self.give(session, target)?;
        if !session.authenticated() {
            bail!("the server accepted this login before and now refuses it");
        }
        Ok(self)
    }

    fn give(&self, session: &Session, target: &SshTarget) -> Result<()> {
        let user = &target.user;
        match self {
            Self::Nothing => drop(session.auth_methods(user)),
            Self::Agent(blob) => {
                let agent = keys::Agent::open(session, target)?;
                if let Some(key) = agent.as_ref().and_then(|agent| agent.find(blob)) {
                    agent
                        .iter()
                        .try_for_each(|agent| agent.agent.userauth(user, key))
                        .plainly()?;
                }
            }
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
            // libssh2 calls what is accepted and not enough a refusal.
            Self::Several(steps) => steps.iter().for_each(|step| drop(step.give(session, target))),
        }
        Ok(())
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
        Err(error) => bail!(plain(&error).context(
            "the server does not report its login methods; your own ssh may get in, or print the server's reason: add --ssh-command ssh"
        )),
    };
    let takes = |offered: &str, method: &str| offered.split(',').any(|offer| offer == method);
    let mut attempt = Attempt {
        session,
        target,
        asker,
        bounds,
        timeout,
        tried: Vec::new(),
        shown: 0,
        accepted: Vec::new(),
    };
    let mut offered = offered;
    let mut proof = None;
    if takes(&offered, "publickey") {
        proof = attempt.keys()?;
        if proof.is_none() && !attempt.accepted.is_empty() {
            attempt.begin();
            if let Ok(now) = session.auth_methods(&target.user) {
                now.clone_into(&mut offered);
            }
        }
    }
    if proof.is_none() && takes(&offered, "password") {
        proof = attempt.password();
    }
    if proof.is_none() && takes(&offered, "keyboard-interactive") {
        proof = attempt.answers();
    }
    if let Some(proof) = proof {
        if attempt.accepted.is_empty() {
            return Ok(proof);
        }
        attempt.accepted.push(proof);
        return Ok(Credential::Several(attempt.accepted));
    }
    let tried = match attempt.tried.as_slice() {
        [] => "no login method could be tried".to_owned(),
        tried if attempt.shown == 0 => format!("no login method could be tried: {}", tried.join("; ")),
        tried => format!("tried {}", tried.join("; ")),
    };
    if !attempt.accepted.is_empty() {
        let way = if takes(&offered, "password") || takes(&offered, "keyboard-interactive") {
            "which needs a terminal"
        } else if takes(&offered, "publickey") {
            "with another key (--bastion-identity), or does not let this user in (PermitRootLogin)"
        } else {
            "which your own ssh may be able to give: add --ssh-command ssh"
        };
        bail!(
            "the key of {} was accepted, but the server also requires {offered} (AuthenticationMethods), {way}; {tried}",
            target.user
        );
    }
    let unusable = ["gssapi-with-mic", "gssapi-keyex", "hostbased"];
    if offered.split(',').all(|method| unusable.contains(&method)) {
        bail!(
            "the server refused {}: {tried}. It accepts: {offered}, which libssh2 cannot use; use your own ssh: add --ssh-command ssh",
            target.user
        );
    }
    bail!(
        "the server refused {}: {tried}. It accepts: {offered}. Give another key with --bastion-identity, or load it into the agent with ssh-add",
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
    /// How many keys the server has seen.
    shown: usize,
    /// Those that it accepted without letting in.
    accepted: Vec<Credential>,
}

impl Attempt<'_> {
    /// The next try has its own time.
    fn begin(&self) {
        self.bounds.begin(self.timeout, LOGIN);
    }

    /// Asks you. The time that you take does not count as the server's.
    fn ask(&self, question: &str) -> Option<Secret> {
        if self.bounds.are_exceeded() {
            return None;
        }
        self.bounds.pause();
        let answer = (self.asker.secret)(question);
        self.begin();
        answer
    }

    fn password(&mut self) -> Option<Credential> {
        for _ in 0..ATTEMPTS {
            let question = format!("SSH password of {}", self.target);
            let Some(password) = self.ask(&question) else {
                self.tried.push("no password (no terminal to ask)".to_owned());
                return None;
            };
            match self.session.userauth_password(&self.target.user, password.reveal()) {
                Ok(()) if self.session.authenticated() => return Some(Credential::Password(password)),
                Ok(()) => self.tried.push("a password (the server requires more)".to_owned()),
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
                // Where you are not asked, the server's time goes on.
                let answer = if attempt.asker.attended {
                    attempt.ask(&question)?
                } else {
                    (attempt.asker.secret)(&question)?
                };
                given.push(answer.clone());
                Some(answer)
            });
            // libssh2 would count the time that you take as the server's.
            self.session.set_timeout(0);
            let outcome = self.session.userauth_keyboard_interactive(&target.user, &mut ask);
            self.session
                .set_timeout(u32::try_from(self.timeout.as_millis()).unwrap_or(u32::MAX));
            match outcome {
                Ok(()) if self.session.authenticated() => return Some(Credential::Answers(given)),
                _ if given.is_empty() => {
                    self.tried.push("keyboard-interactive (no terminal to ask)".to_owned());
                    return None;
                }
                _ => self.tried.push("keyboard-interactive (refused)".to_owned()),
            }
        }
        None
    }
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
