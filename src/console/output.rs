//! The writing edge: the only place that writes to standard output and standard error. What is written there for people
//! has passed [`visible`], wherever it came from.

use std::io::{self, IsTerminal as _, Write as _};

use openssl::base64::encode_block;

use crate::visible;

/// Writes a line, or several, to standard error for the reader. A closed standard error is no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = write_stderr(&format!("{}\n", for_people(text)));
}

/// Neither a terminal nor a CI system that reads the log obeys anything in it.
fn for_people(text: &str) -> String {
    visible::unobeyed(&visible::in_colors(text)).into_owned()
}

/// The beginning of a line, for a question.
pub(super) fn ask(text: &str) {
    let _ = write_stderr(&for_people(text));
}

/// Labels that the terminal turns into links (OSC 8).
pub(super) fn links(pages: &[(&str, String)]) {
    let link = |(label, url): &(&str, String)| {
        let [label, url] = [label, url.as_str()].map(visible::one_line);
        format!("\u{1b}]8;;{url}\u{1b}\\{label}\u{1b}]8;;\u{1b}\\")
    };
    let links: Vec<String> = pages.iter().map(link).collect();
    let _ = write_stderr(&format!("  Pages: {}\n", links.join(", ")));
}

/// Asks the terminal to put a text on the clipboard (OSC 52). It does not report whether it did.
pub(super) fn copy(text: &str) {
    let _ = write_stderr(&format!("\u{1b}]52;c;{}\u{7}", encode_block(text.as_bytes())));
}

/// Writes lines of the result for the reader.
pub(crate) fn show(text: &str) -> io::Result<()> {
    write_stdout(&format!("{}\n", for_people(text)))
}

/// A document of the result for a program, whose writer has seen to it that neither a terminal nor a CI
/// system obeys anything in it.
pub(crate) fn document(text: &str) -> io::Result<()> {
    write_stdout(&format!("{text}\n"))
}

/// What is to be run or kept: exact where it goes to a file or another program, fit to be looked at on a terminal.
#[expect(clippy::disallowed_methods, reason = "the writing edge")]
pub(crate) fn hand_over(text: &str) -> io::Result<()> {
    if io::stdout().is_terminal() {
        write_stdout(&visible::text(text))
    } else {
        write_stdout(text)
    }
}

#[expect(clippy::disallowed_methods, reason = "the writing edge")]
fn write_stdout(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[expect(clippy::disallowed_methods, reason = "the writing edge")]
fn write_stderr(text: &str) -> io::Result<()> {
    let mut err = io::stderr().lock();
    err.write_all(text.as_bytes())?;
    err.flush()
}
