//! Text that is run, with holes where secrets are.

use std::fmt;

use crate::password::Formed;
use crate::secret::Secret;

/// One statement or script, whose secret parts are masked wherever it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statement(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Plain(String),
    Secret { value: Option<Formed>, hole: Hole },
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
        Self(vec![Part::Plain(text.into())])
    }

    /// Appends text that may be shown.
    pub fn then(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Plain(text.into()));
        self
    }

    /// Appends a secret; the hole stands in its place wherever people can see it. `None`: not known in this run, so the
    /// statement can be shown and scripted, not run.
    pub fn then_secret(self, value: Option<Secret>, hole: Hole) -> Self {
        self.then_password(value.map(Formed::Text), hole)
    }

    /// The same for a password whose form is made when the statement is run.
    pub(crate) fn then_password(mut self, value: Option<Formed>, hole: Hole) -> Self {
        self.0.push(Part::Secret { value, hole });
        self
    }

    /// Appends another statement.
    pub fn and(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// The statement as it is run; `None` when a secret in it is not known. Only [`crate::world`] calls this.
    pub fn reveal(&self) -> Option<Secret> {
        let secrets: Option<Vec<Secret>> = self
            .0
            .iter()
            .filter_map(|part| match part {
                Part::Plain(_) => None,
                Part::Secret { value, .. } => Some(value.as_ref().map(Formed::reveal)),
            })
            .collect();
        let secrets = secrets?;
        let mut next = secrets.iter();
        let parts = self.0.iter().map(|part| match part {
            Part::Plain(text) => text.as_str(),
            Part::Secret { .. } => next.next().map_or("", Secret::reveal),
        });
        Some(Secret::new(parts.collect::<Vec<_>>().concat()))
    }

    /// The statement for a psql script, its secrets as psql variables.
    pub fn for_psql(&self) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Plain(text) => text.as_str(),
                Part::Secret { hole, .. } => hole.psql,
            })
            .collect()
    }

    /// Its pieces in order, `None` for a secret: for a script that gets at the secret in its own way.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|part| match part {
            Part::Plain(text) => Some(text.as_str()),
            Part::Secret { .. } => None,
        })
    }

    /// Whether it holds a secret, known or not.
    pub fn holds_secret(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Secret { .. }))
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| {
            f.write_str(match part {
                Part::Plain(text) => text,
                Part::Secret { hole, .. } => hole.shown,
            })
        })
    }
}
