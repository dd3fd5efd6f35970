//! The stitch-pg command.

use std::process::ExitCode;

fn main() -> ExitCode {
    stitch_pg::program::main()
}
