//! What is reported about other runs that work at the same time.

use crate::change::Change;
use crate::finding::{Code, Finding};
use crate::world::AnotherRun;

/// The finding for a change that another run left no room for.
pub(super) fn busy(error: &anyhow::Error) -> Option<Finding> {
    let run = error.downcast_ref::<AnotherRun>()?;
    let text = run.to_string();
    let (text, next) = text
        .split_once("\nnext: ")
        .unwrap_or((&text, "run the same command again"));
    Some(Finding::bad(Code::AnotherRun, text).advise(next))
}

/// The finding for a change that another session made first.
pub(super) fn found(change: &Change) -> Finding {
    Finding::good(
        Code::CreatedMeanwhile,
        format!("another session made this change at the same time: {}", change.summary),
    )
}
