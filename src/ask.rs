//! What you are asked, and how: the questions that come up in the middle of a connection, and lists to tick.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::secret::Secret;

/// A list to tick.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub question: &'static str,
    /// Name, description, and whether it is ticked to begin with.
    pub lines: Vec<(String, String, bool)>,
}

/// Whether a step's changes can be chosen among, schema by schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chooses {
    No,
    BySchema,
}

/// The names that were ticked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen(pub Vec<String>);

/// Asks you for a secret when a server demands one; `None` where there is no terminal to ask at. Blocks while it waits: call it on
/// a thread that may.
pub(crate) type AskSecret = Arc<dyn Fn(&str) -> Option<Secret> + Send + Sync>;

/// Asks you a yes/no question about trust, such as an unknown host key; `None` where there is no terminal to ask at.
pub(crate) type AskTrust = Arc<dyn Fn(&str) -> Option<Trust> + Send + Sync>;

/// Says one line about something that takes long.
pub(crate) type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// The answer to a question of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Go on, and remember it.
    Accept,
    /// Stop.
    Refuse,
}

/// The questions that come up in the middle of a connection.
#[derive(Clone)]
pub(crate) struct Asker {
    /// For passwords and passphrases.
    pub secret: AskSecret,
    /// For host keys.
    pub trust: AskTrust,
    /// Says that a long wait goes on.
    pub tell: Tell,
    /// Whether you are there to be asked.
    pub attended: bool,
}

/// Secrets that were typed for a first login, by their questions: a later login does not ask for them again.
#[derive(Clone, Default)]
pub(crate) struct Typed(Arc<Mutex<BTreeMap<String, Secret>>>);

impl Asker {
    /// Gives what was typed before, once: where the server refuses it, it is asked for again.
    pub(crate) fn remembering(self, typed: &Typed) -> Self {
        let (ask, typed, given) = (self.secret, Arc::clone(&typed.0), Mutex::new(BTreeSet::new()));
        let secret = move |question: &str| {
            // Locked while you are asked, so that two questions are never put at the same time.
            let mut typed = typed.lock().unwrap_or_else(PoisonError::into_inner);
            let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = given.insert(question.to_owned());
            if let Some(known) = typed.get(question).filter(|_| is_new) {
                return Some(known.clone());
            }
            let secret = ask(question)?;
            typed.insert(question.to_owned(), secret.clone());
            Some(secret)
        };
        Self {
            secret: Arc::new(secret),
            ..self
        }
    }

    /// You cannot be asked.
    pub(crate) fn nobody() -> Self {
        Self {
            secret: Arc::new(|_| None),
            trust: Arc::new(|_| None),
            tell: Arc::new(|_| ()),
            attended: false,
        }
    }

    /// Every host key is right, and there is no secret.
    pub(crate) fn trusting() -> Self {
        Self {
            secret: Arc::new(|_| None),
            trust: Arc::new(|_| Some(Trust::Accept)),
            tell: Arc::new(|_| ()),
            attended: false,
        }
    }

    /// Asks for a secret without holding up the runtime, so that Ctrl-C works while the question stands.
    pub(crate) async fn ask_secret(&self, question: String) -> Option<Secret> {
        let ask = Arc::clone(&self.secret);
        tokio::task::spawn_blocking(move || ask(&question)).await.ok().flatten()
    }
}
