//! stitch-pg: makes a PostgreSQL server ready to be a Stitch destination.
//!
//! The story of a run: flags, environment, file and answers become a `settings::Settings`; the `runner` walks through the `steps`
//! in order; each step reads the `world` into facts, and a pure function makes facts into a `change::Plan`; the `console` shows it
//! and asks; `world::Writer::apply`, the only writer, runs each change; the step checks again, and *done* means that the plan is
//! empty; a `report` shows it as text, JSON and exit code.

mod ask;
mod change;
pub mod cli;
mod command;
mod console;
mod demo;
mod expect;
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
mod platform;
mod plural;
pub mod program;
mod provider;
mod public_key;
mod report;
mod report_file;
mod request;
mod rotate;
mod run_session;
mod runner;
mod script;
pub mod secret;
mod server;
pub mod settings;
mod sheet;
pub mod shell;
mod shell_word;
pub mod sql;
mod statement;
mod step_id;
mod steps;
mod stitch_form;
mod undo;
mod visible;
mod watch;
mod word;
mod world;
