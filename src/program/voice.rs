//! How the program speaks: in colours or not, and which settings file it uses.

use console::Term;

use crate::cli::Invocation;
use crate::console::output;
use crate::console::style::{ColorChoice, Style};
use crate::settings::{Environment, file};

/// The settings file decides where passwords go, so it is always named, the default one above all.
pub(super) fn name_file(invocation: &Invocation, environment: &Environment) {
    if let Some(file) = file::in_use(invocation.run.config.as_deref(), environment) {
        output::say(&format!("Using {file}"));
    }
}

pub(super) fn look(invocation: &Invocation, environment: &Environment, term: &Term) -> Style {
    let choice = match invocation.run.color {
        clap::ColorChoice::Auto => ColorChoice::Auto,
        clap::ColorChoice::Always => ColorChoice::Always,
        clap::ColorChoice::Never => ColorChoice::Never,
    };
    Style::of(term, choice, &environment.surroundings)
}
