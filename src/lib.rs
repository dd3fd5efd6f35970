//! stitch-pg: makes a PostgreSQL server ready to be a Stitch destination.
//!
//! The story of a run: flags, environment, file and answers become a [`settings::Settings`]; the [`runner`] walks through
//! the [`steps`] in order; each step reads the [`world`] into facts, and a pure function makes facts into a
//! [`change::Plan`]; the [`console`] shows it and asks; [`world::Writer::apply`], the only writer, runs each change; the
//! step looks again, and *done* means that the plan is empty; a [`report`] tells it as text, JSON and exit code.

pub mod ask;
pub mod change;
pub mod cli;
pub mod command;
pub mod console;
mod demo;
pub mod expect;
pub mod explain;
pub mod finding;
pub mod firewall;
#[cfg(any(test, feature = "fuzz"))]
#[path = "../tests/fuzz/parsers.rs"]
pub mod fuzz;
pub mod hba;
pub mod names;
mod output_file;
mod password;
mod pattern;
mod plural;
pub mod program;
pub mod provider;
pub mod public_key;
pub mod report;
mod report_file;
pub mod request;
mod run_session;
pub mod runner;
mod script;
pub mod secret;
pub mod server;
pub mod settings;
mod sheet;
pub mod shell;
pub mod shell_word;
pub mod sql;
pub mod statement;
pub mod step_id;
pub mod steps;
pub mod stitch_form;
pub mod undo;
pub mod visible;
mod word;
pub mod world;
