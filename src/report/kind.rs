//! What kind of thing a change acts on.

use crate::change::Action;

/// `sql` with its database, or `host`.
pub(super) fn kind(action: &Action) -> (&'static str, Option<&str>) {
    match action {
        Action::Sql(sql) => ("sql", Some(sql.database.as_str())),
        Action::Http(_) => ("http", None),
        Action::Host(_)
        | Action::Ingress(_)
        | Action::AddHbaLines(_)
        | Action::RemoveHbaLines(_)
        | Action::SaveSecret { .. } => ("host", None),
    }
}
