//! What happened, as data: for the exit code, for JSON, and for the console's last words.

mod digest;
mod github;
mod json;
mod junit;
mod markdown;
mod outputs;
pub(crate) mod path;
pub(crate) mod usage;
mod whole;

pub(crate) use digest::Digest;
pub(crate) use outputs::{Output, Outputs};
pub(crate) use whole::{Ending, Format, Outcome, Report, StepReport, Summary};
