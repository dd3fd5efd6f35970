//! The wizard in a real terminal, against real servers: what the user sees, answers and gets.

mod amounts;
mod answers;
mod conversations;
mod form;
mod looks;
mod pasting;
mod questions;
mod repeating;
mod screen;
mod stopping;

use crate::support::{self, Postgres, PostgresOptions, Program, Terminal, stitch_pg};

/// A server that Stitch could reach, as far as that can be checked from here.
fn server() -> Option<Postgres<'static>> {
    let options = PostgresOptions::new().conf("listen_addresses", "*");
    // What is shown is compared letter by letter, so it takes the fixed paths and ports of a world.
    if !support::world::possible() {
        support::world(&[])?;
    }
    Postgres::start_with(options)
}

/// The program with the server's superuser already named.
fn wizard(server: &Postgres<'_>) -> Program {
    stitch_pg(server)
        .env("PGHOST", server.host())
        .env("PGPORT", server.port().to_string())
        .env("PGUSER", "postgres")
        .env("PGPASSWORD", support::postgres::POSTGRES_PASSWORD)
}

/// Chooses a region, and accepts everything else.
fn accept_settings(terminal: &mut Terminal) {
    terminal.expect("  Europe\n");
    terminal.send("\u{1b}[B\r");
    accept_table(terminal);
}

/// Accepts the table of settings, and does not save them. The server is one on this machine.
fn accept_table(terminal: &mut Terminal) {
    terminal.expect("Public name of the server: ");
    terminal.send_line("");
    terminal.expect(TABLE);
    terminal.send_line("d");
}

/// Leaves the last question with no: Stitch does not come.
#[track_caller]
fn decline_to_watch(terminal: &mut Terminal) {
    terminal.expect(WATCH);
    terminal.send_line("n");
}

const TABLE: &str = "[q]uit: ";
const WATCH: &str = "Watch for Stitch's connection now? [Y]es / [n]o";

const DECIDE: &str = "[w]rite to file / [q]uit: ";

/// Whether what the terminal shows has one of these sequences that change colours.
fn has_colours(raw: &[u8]) -> bool {
    let text = String::from_utf8_lossy(raw);
    text.split("\u{1b}[").skip(1).any(|part| {
        let end = part.find(|char: char| char.is_ascii_alphabetic());
        end.is_some_and(|end| part[end..].starts_with('m'))
    })
}
