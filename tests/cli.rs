//! What every command prints, letter by letter: the files under `tests/cli/golden/` hold it.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it cli::` writes them anew; read the difference before you commit it.

mod expecting;
mod explaining;
mod handing_over;
mod pages;
mod reports;
mod settings;
mod undoing;
mod walks;

use crate::support::{self, Output, Postgres, PostgresOptions, Program, golden, stitch_pg};

/// A server whose paths and ports are the same in every run: that of a world of its own.
fn server() -> Option<Postgres<'static>> {
    if !support::world::possible() {
        support::world(&[])?;
    }
    Postgres::start_with(PostgresOptions::new().conf("listen_addresses", "*"))
}

/// The program as CI would run it against that server.
fn in_ci(server: &Postgres<'_>) -> Program {
    stitch_pg(server)
        .env("PGHOST", server.host())
        .env("PGPORT", server.port().to_string())
        .env("PGUSER", "postgres")
        .env("PGPASSWORD", support::postgres::POSTGRES_PASSWORD)
        .env("STITCH_PG_REGION", "north-america")
        .env("STITCH_PG_PASSWORD", "a password")
}

/// Everything that a run printed, for comparing.
fn everything(output: &Output) -> String {
    let text = format!(
        "--- stdout\n{}--- stderr\n{}--- exit {}\n",
        output.stdout,
        output.stderr,
        output.status.unwrap_or(-1)
    );
    golden::masked(&text, &[])
}

/// Compares with `tests/cli/golden/NAME.txt`.
#[track_caller]
fn compare(name: &str, output: &Output) {
    golden::compare(&format!("cli/golden/{name}.txt"), &everything(output));
}
