//! A long text for a person at a terminal, through the command that `PAGER` names.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use crate::secret;

/// Shows a text, and returns when the person has left it.
///
/// # Errors
/// When there is no terminal, or the command cannot be started.
#[expect(clippy::disallowed_methods, reason = "the one place where the pager is started")]
pub(crate) fn paged(pager: &str, text: &str) -> io::Result<()> {
    let terminal = OpenOptions::new().write(true).open("/dev/tty")?;
    let mut command = Command::new("sh");
    secret::withheld_from(&mut command);
    let mut child = command
        .args(["-c", pager])
        .stdin(Stdio::piped())
        .stdout(terminal)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may be left before the end.
        let _ = stdin.write_all(text.as_bytes());
    }
    child.wait().map(drop)
}
