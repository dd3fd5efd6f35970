//! Exit statuses, and what is printed before them.

use anyhow::Result;

use crate::console::{output, render};

/// Exit status of a run that a person stopped (128 + SIGINT).
pub(super) const STOPPED: u8 = 130;
/// Exit status of a usage or settings error.
pub(super) const USAGE: u8 = 2;
pub(super) const FAILED: u8 = 1;
/// Exit status of a run whose change was refused.
pub(super) const PENDING: u8 = 3;
/// Exit status of a run after which something waits for a person.
pub(super) const ATTENTION: u8 = 4;

pub(super) fn print(text: &str) -> Result<u8> {
    output::hand_over(text)?;
    Ok(0)
}

pub(super) fn stopped() -> u8 {
    // The question's line is still open.
    output::say(&format!("\n{}", render::UNTOUCHED));
    STOPPED
}
