//! How the statements of a change are grouped into transactions, with what is borrowed around them.

use std::fmt::{self, Write as _};

use super::SettingScope;
use crate::change::{Execution, Sql};
use crate::statement::Statement;

impl Sql {
    /// Every statement that is run, the borrowed memberships around them included.
    pub(crate) fn all(&self) -> Vec<Statement> {
        self.around(self.statements.clone())
    }

    /// The statements in the groups that are a transaction each, the borrowed memberships around each group: whatever cuts
    /// it off, nothing lent is left.
    pub(crate) fn transactions(&self) -> Vec<Vec<Statement>> {
        match self.run {
            Execution::Transaction => vec![self.all()],
            Execution::Autocommit | Execution::PerStatement { .. } => {
                let each = self.statements.iter();
                each.map(|statement| self.around(vec![statement.clone()])).collect()
            }
        }
    }

    /// The same as text for psql, each statement written in the caller's way. `opening`: what is to come first in each
    /// transaction, where the session cannot be relied on to keep it.
    pub(crate) fn for_psql(&self, opening: Option<&str>, write: impl Fn(&Statement) -> String) -> String {
        let mut opening = opening.map(str::to_owned);
        let mut text = String::new();
        if let Execution::PerStatement { lock_timeout, .. } = self.run {
            let place = if opening.is_some() {
                SettingScope::Transaction
            } else {
                SettingScope::Session
            };
            let line = format!("{};\n", super::set_lock_timeout(lock_timeout.as_millis(), place));
            opening.as_mut().unwrap_or(&mut text).push_str(&line);
        }
        for group in self.transactions() {
            let lines: String = group.iter().map(&write).collect();
            if group.len() == 1 && opening.is_none() {
                text.push_str(&lines);
            } else {
                let opening = opening.as_deref().unwrap_or_default();
                let _ = writeln!(text, "BEGIN;\n{opening}{lines}COMMIT;");
            }
        }
        text
    }

    /// Whether a statement is one that lends a membership, or takes it back.
    pub(crate) fn is_membership(&self, statement: &Statement) -> bool {
        let lent = |memberships| {
            *statement == super::memberships::grant_membership(memberships)
                || *statement == super::memberships::revoke_membership(memberships)
        };
        self.memberships.iter().any(lent)
    }

    /// Statements with the borrowed memberships around them, as one transaction runs them.
    pub(crate) fn around(&self, statements: Vec<Statement>) -> Vec<Statement> {
        let (lent, returned) = self.lent_and_returned();
        lent.into_iter().chain(statements).chain(returned).collect()
    }

    /// What borrows the memberships, and what gives them back.
    fn lent_and_returned(&self) -> (Vec<Statement>, Vec<Statement>) {
        let lent = self.memberships.iter().map(super::memberships::grant_membership);
        let returned = self.memberships.iter().rev().map(super::memberships::revoke_membership);
        (lent.collect(), returned.collect())
    }
}

impl fmt::Display for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One after the other: there may be a hundred thousand.
        let (lent, returned) = self.lent_and_returned();
        let all = lent.iter().chain(&self.statements).chain(&returned);
        all.enumerate().try_for_each(|(number, statement)| {
            f.write_str(if number == 0 { "" } else { "\n" })?;
            write!(f, "{statement};")
        })
    }
}
