//! What your own programs show: a long text through `PAGER`, a page in the browser.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use crate::secret;

/// Shows a text, and returns when you have left it.
///
/// # Errors
/// When there is no terminal, or the command cannot be started.
pub(crate) fn paged(pager: &str, text: &str) -> io::Result<()> {
    let terminal = OpenOptions::new().write(true).open("/dev/tty")?;
    let mut child = command("sh")
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

/// Opens a page in the browser, where there is one. What becomes of it is not waited for.
///
/// # Errors
/// When the desktop's command for it cannot be started.
pub(crate) fn opened(url: &str) -> io::Result<()> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = command(opener);
    command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().map(drop)
}

/// A command that gets no secret.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a pager or a browser is started"
)]
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    secret::withheld_from(&mut command);
    command
}
