//! What a change runs, as a person would type it.

use std::fmt;

use crate::change::Action;

impl fmt::Display for Action {
    /// What is run, as a person would type it, secrets masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(sql) => sql.fmt(f),
            Self::Host(script) | Self::Ingress(script) => script.fmt(f),
            Self::AddHbaLines(edit) => edit.show(f, &super::hba::add_hba_lines(edit)),
            Self::RemoveHbaLines(edit) => edit.show(f, &super::hba::remove_hba_lines(edit)),
            Self::Http(request) => request.fmt(f),
            Self::SaveSecret { path, .. } => {
                write!(
                    f,
                    "umask 077; set -C; cat > {}",
                    super::frame::word(&path.to_string_lossy())
                )
            }
        }
    }
}
