//! What happened, as data: for the exit code, for JSON, and for the console's last words.

mod digest;
mod github;
mod json;
mod junit;
mod kind;
mod markdown;
mod outcome;
mod outputs;
pub(crate) mod path;
pub(crate) mod usage;
mod whole;

pub(crate) use digest::Digest;
pub(crate) use outcome::{Outcome, StepReport};
pub(crate) use outputs::Output;
pub(crate) use outputs::Outputs;
pub(crate) use whole::{Ending, Format, Report, Summary};
