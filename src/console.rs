//! How the engine speaks and asks: one trait, two voices. Nothing but [`terminal`] asks; nothing here decides.

pub(crate) mod edge;
mod picture;
pub mod plain;
pub mod sheet;
pub mod style;
pub mod terminal;
pub(crate) mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Error, Result};

use crate::change::{Change, Plan, Progress};
use crate::finding::Finding;
use crate::report::{Report, StepReport};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::steps::{Choice, Chosen, StepId};

/// Something that happened, in the order it happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// Every step is about to be looked at, which may take a while.
    LookingAhead,
    /// What one step found, as soon as it is known; the next one may take a while.
    Looked {
        /// The step; nothing was made yet.
        step: &'a StepReport,
    },
    /// Every step was looked at.
    LookedAhead,
    /// A step begins.
    Opened {
        /// Which.
        id: StepId,
        /// What and why.
        why: &'static str,
        /// Where Stitch documents it.
        link: &'a str,
    },
    /// A step was looked at.
    Planned {
        /// Which.
        id: StepId,
        /// What was found and would be changed.
        plan: &'a Plan,
    },
    /// A change is about to be made.
    Applying {
        /// Which.
        change: &'a Change,
    },
    /// A change that goes object by object has come so far.
    Progress {
        /// How far.
        progress: Progress,
    },
    /// A change was made.
    Applied {
        /// Which.
        change: &'a Change,
        /// How long it took.
        elapsed: Duration,
    },
    /// A step was looked at again after its changes.
    LookedAgain {
        /// What was found before, and has been said.
        before: &'a Plan,
        /// What is left; empty when all is well.
        plan: &'a Plan,
    },
    /// A step is left out.
    Skipped {
        /// Which.
        id: StepId,
        /// Why.
        reason: &'a str,
    },
    /// Nothing was begun, since this login can make only a part of what is missing.
    NotBegun {
        /// What it cannot make.
        cannot: &'a [&'a Finding],
    },
    /// Nothing was begun, since the plan is not the one that was approved.
    NotExpected {
        /// How they differ.
        difference: &'a str,
    },
    /// A step failed.
    Failed {
        /// Which.
        id: StepId,
        /// What, on what, why, what next.
        error: &'a Error,
    },
}

/// The answer to "make these changes?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Make them.
    Yes,
    /// Leave them.
    No,
    /// End the run.
    Quit,
}

/// Whether every change was approved beforehand (`--yes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approved {
    /// It was.
    Yes,
    /// Each is asked about, or none is made.
    No,
}

/// A voice.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread only")]
pub trait Console {
    /// Says what happened.
    fn event(&mut self, event: &Event<'_>) -> Result<()>;

    /// Asks whether to make the changes of a step.
    async fn decide(&mut self, id: StepId, why: &'static str, plan: &Plan) -> Result<Decision>;

    /// Asks for a choice out of a list.
    async fn choose(&mut self, choice: &Choice) -> Result<Chosen>;

    /// Shows a secret that is shown once and kept nowhere.
    fn show_once(&mut self, what: &str, secret: &Secret) -> Result<()>;

    /// Says the last words.
    fn finish(&mut self, report: &Report, settings: &Settings) -> Result<()>;
}

/// Asks a person for a secret when a server demands one; `None` where nobody can be asked. Blocks while it waits:
/// call it on a thread that may.
pub type AskSecret = Arc<dyn Fn(&str) -> Option<Secret> + Send + Sync>;

/// Asks a person a yes/no question about trust, such as an unknown host key; `None` where nobody can be asked.
pub type AskTrust = Arc<dyn Fn(&str) -> Option<Trust> + Send + Sync>;

/// Says one line about something that takes long.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// The answer to a question of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Go on, and remember it.
    Accept,
    /// Stop.
    Refuse,
}

/// The questions that come up in the middle of a connection.
#[derive(Clone)]
pub struct Asker {
    /// For passwords and passphrases.
    pub secret: AskSecret,
    /// For host keys.
    pub trust: AskTrust,
    /// Says that a long wait goes on.
    pub tell: Tell,
    /// Whether anybody is there to be asked.
    pub attended: bool,
}

impl Asker {
    /// Nobody can be asked.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            secret: Arc::new(|_| None),
            trust: Arc::new(|_| None),
            tell: Arc::new(|_| ()),
            attended: false,
        }
    }

    /// Asks nobody yet; the flag becomes true where somebody would have been asked.
    pub(crate) fn declining(&self) -> (Self, Arc<AtomicBool>) {
        let wanted = Arc::new(AtomicBool::new(false));
        if !self.attended {
            return (self.clone(), wanted);
        }
        let [secret, trust] = [(); 2].map(|()| Arc::clone(&wanted));
        let asker = Self {
            secret: Arc::new(move |_| {
                secret.store(true, Ordering::Relaxed);
                None
            }),
            trust: Arc::new(move |_| {
                trust.store(true, Ordering::Relaxed);
                None
            }),
            ..Self::nobody()
        };
        (asker, wanted)
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
