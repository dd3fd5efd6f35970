//! What happened, as data: for the exit code, for JSON, and for the console's last words.

mod digest;
mod github;
mod json;
mod junit;
mod kind;
mod markdown;
mod outcome;
pub(crate) mod path;
mod whole;

pub(crate) use digest::Digest;
pub(crate) use outcome::{Outcome, StepReport};
pub(crate) use whole::{Ending, Format, Report, Summary};
