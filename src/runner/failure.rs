//! What a step's error becomes: an outcome, and what to do next.

use anyhow::anyhow;

use crate::report::Outcome;
use crate::steps::layers;

/// A step that could not be checked; when it was the administrator's login, with its layers.
pub(super) fn failed(error: anyhow::Error) -> Outcome {
    let plan = layers::administrator(&error);
    Outcome::Failed(error, plan, Vec::new())
}

/// An error with what to do next, where nothing more exact is known.
pub(super) fn with_next(error: anyhow::Error) -> anyhow::Error {
    let words = format!("{error:#}");
    if words.contains("\nnext: ") {
        return error;
    }
    let next = "fix the cause, then run the same command again, which continues with the changes that are left";
    anyhow!("{words}\nnext: {next}")
}
