//! Changes that are run in one go: how their statements are grouped across them.

use std::borrow::Cow;

use super::{Action, Change, Execution, Sql, TemporaryMembership};

impl Sql {
    /// Several changes as one: what comes first in each comes first, what comes last comes last, and a membership that
    /// several need is borrowed once.
    fn merged<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut parts = parts.into_iter();
        let mut whole = parts.next()?.clone();
        let Execution::PerStatement {
            lock_timeout,
            first,
            last,
        } = whole.run
        else {
            return Some(whole);
        };
        let mut after = whole.statements.split_off(whole.statements.len() - last);
        let mut between = whole.statements.split_off(first);
        for part in parts {
            let Execution::PerStatement { first, last, .. } = part.run else {
                continue;
            };
            let (head, tail) = part.statements.split_at(part.statements.len() - last);
            whole.statements.extend_from_slice(&head[..first]);
            between.extend_from_slice(&head[first..]);
            after.extend_from_slice(tail);
            let new = part
                .memberships
                .iter()
                .filter(|memberships| !whole.memberships.contains(memberships));
            let new: Vec<TemporaryMembership> = new.cloned().collect();
            whole.memberships.extend(new);
        }
        whole.memberships.sort();
        whole.run = Execution::PerStatement {
            lock_timeout,
            first: whole.statements.len(),
            last: after.len(),
        };
        whole.statements.append(&mut between);
        whole.statements.append(&mut after);
        Some(whole)
    }
}

/// What the changes of such a group run. It is not copied where there is one, which may have a hundred thousand statements.
pub(crate) fn as_one(group: &[Change]) -> Cow<'_, Action> {
    let parts = group.iter().filter(|_| group.len() > 1).filter_map(Change::piecemeal);
    let whole = Sql::merged(parts).map(|whole| Cow::Owned(Action::Sql(whole)));
    whole.unwrap_or(Cow::Borrowed(&group[0].action))
}

/// Changes that are run in one go, since each is made object by object in the same database, and how.
pub(crate) fn in_one_go(changes: &[Change]) -> Vec<&[Change]> {
    changes
        .chunk_by(|one, next| match (one.piecemeal(), next.piecemeal()) {
            (Some(one), Some(next)) => {
                let waits = |sql: &Sql| match sql.run {
                    Execution::PerStatement { lock_timeout, .. } => Some(lock_timeout),
                    _ => None,
                };
                one.database == next.database && waits(one) == waits(next)
            }
            _ => false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::change::Action;
    use crate::statement::Statement;

    fn part(statements: &[&str], first: usize, last: usize) -> Change {
        Change {
            summary: String::new(),
            why: "",
            action: Action::Sql(Sql {
                database: "d".parse().unwrap(),
                statements: statements.iter().map(|text| Statement::plain(*text)).collect(),
                run: Execution::PerStatement {
                    lock_timeout: Duration::from_millis(100),
                    first,
                    last,
                },
                unless: None,
                memberships: Vec::new(),
            }),
            undo: None,
        }
    }

    #[test]
    fn what_goes_object_by_object_goes_in_one_go() {
        let changes = [part(&["a1", "b1", "b2", "c1"], 1, 1), part(&["b3", "c2"], 0, 1)];
        assert_eq!(in_one_go(&changes).len(), 1);
        let whole = Sql::merged(changes.iter().filter_map(Change::piecemeal)).unwrap();
        assert_eq!(whole.to_string(), "a1;\nb1;\nb2;\nb3;\nc1;\nc2;");
        assert!(matches!(whole.run, Execution::PerStatement { first: 1, last: 2, .. }));
    }
}
