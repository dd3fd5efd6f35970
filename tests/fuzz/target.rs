//! One program for each parser of `stitch_pg::fuzz`, by the program's own name.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let parser = stitch_pg::fuzz::PARSERS.iter().find(|(name, _)| *name == env!("CARGO_BIN_NAME"));
    let (_, run) = parser.expect("every program is named after a parser");
    run(&text);
});
