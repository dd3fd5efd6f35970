//! Stitch's Connect API: bounded questions and answers over verified TLS. The token leaves the program here and nowhere
//! else, to the one host that was named: no redirect is followed.

mod answer;
mod client;
mod failure;
mod send;

pub(crate) use answer::{id, text};
pub(crate) use client::{SentToStitch, StitchApi};
pub(crate) use failure::UNSURE;
