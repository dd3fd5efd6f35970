//! Text that is run, with holes where secrets are.

use std::{fmt, mem};

use crate::password::Formed;
use crate::secret::Secret;

/// One statement or script, whose secret parts are masked wherever it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statement {
    /// What may be shown, in one piece: there may be a hundred thousand of them.
    text: Box<str>,
    secrets: Box<[Hidden]>,
}

/// A secret, and where it stands in the text.
#[derive(Clone, Debug, PartialEq)]
struct Hidden {
    at: usize,
    value: Option<Formed>,
    hole: Hole,
}

/// What stands where a secret would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// In everything that people see.
    pub shown: &'static str,
    /// In a script for psql: a variable that the script has filled before.
    pub psql: &'static str,
}

impl Statement {
    /// A statement without secrets.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into().into_boxed_str(),
            secrets: Box::default(),
        }
    }

    /// Appends text that may be shown.
    pub fn then(mut self, text: impl AsRef<str>) -> Self {
        self.push(text.as_ref());
        self
    }

    /// Appends a secret; the hole stands in its place wherever people can see it. `None`: not known in this run, so the
    /// statement can be shown and scripted, not run.
    pub fn then_secret(self, value: Option<Secret>, hole: Hole) -> Self {
        self.then_password(value.map(Formed::Text), hole)
    }

    /// The same for a password whose form is made when the statement is run.
    pub(crate) fn then_password(mut self, value: Option<Formed>, hole: Hole) -> Self {
        let at = self.text.len();
        self.hide([Hidden { at, value, hole }]);
        self
    }

    /// Appends another statement.
    pub fn and(mut self, other: &Self) -> Self {
        let before = self.text.len();
        self.push(&other.text);
        self.hide(other.secrets.iter().cloned().map(|secret| Hidden {
            at: before + secret.at,
            ..secret
        }));
        self
    }

    /// Without room to spare.
    fn push(&mut self, text: &str) {
        let mut whole = mem::take(&mut self.text).into_string();
        whole.reserve_exact(text.len());
        whole.push_str(text);
        self.text = whole.into_boxed_str();
    }

    fn hide(&mut self, more: impl IntoIterator<Item = Hidden>) {
        let secrets = mem::take(&mut self.secrets).into_vec();
        self.secrets = secrets.into_iter().chain(more).collect();
    }

    /// Its text and its secrets in order.
    fn parts(&self) -> impl Iterator<Item = (&str, Option<&Hidden>)> {
        let mut start = 0;
        let secrets = self.secrets.iter().map(Some).chain([None]);
        secrets.map(move |secret| {
            let end = secret.map_or(self.text.len(), |secret| secret.at);
            let text = &self.text[start..end];
            start = end;
            (text, secret)
        })
    }

    /// The statement as it is run; `None` when a secret in it is not known. Only [`crate::world`] calls this.
    pub fn reveal(&self) -> Option<Secret> {
        let formed = self
            .secrets
            .iter()
            .map(|secret| secret.value.as_ref().map(Formed::reveal));
        let formed = formed.collect::<Option<Vec<Secret>>>()?;
        let mut next = formed.iter();
        let pieces = self
            .parts()
            .flat_map(|(text, _)| [text, next.next().map_or("", Secret::reveal)]);
        Some(Secret::new(pieces.collect::<Vec<_>>().concat()))
    }

    /// The statement for a psql script, its secrets as psql variables.
    pub fn for_psql(&self) -> String {
        let parts = self.parts();
        parts
            .flat_map(|(text, secret)| [text, secret.map_or("", |secret| secret.hole.psql)])
            .collect()
    }

    /// Its pieces in order, `None` for a secret: for a script that gets at the secret in its own way.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Option<&str>> {
        let pieces = self
            .parts()
            .flat_map(|(text, secret)| [Some(Some(text)), secret.map(|_| None)]);
        pieces.flatten()
    }

    /// Whether it holds a secret, known or not.
    pub fn holds_secret(&self) -> bool {
        !self.secrets.is_empty()
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().try_for_each(|(text, secret)| {
            f.write_str(text)?;
            f.write_str(secret.map_or("", |secret| secret.hole.shown))
        })
    }
}
