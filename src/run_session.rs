//! One walk through the steps, from start to last words: a temporary key is removed and the report is written, however it ends.

mod signals;

use std::io;
use std::time::Duration;

use anyhow::{Error, Result};

use crate::ask::Asker;
use crate::command::Command;
use crate::console::{Console, output};
use crate::expect::Expected;
use crate::report::{Ending, Format, Outputs, Report};
use crate::runner::{self, Run, Start};
use crate::settings::Settings;
use crate::sheet::Sheet;
use crate::undo::UndoFile;
use crate::world::{Access, Writer};
pub(crate) use signals::Stop;

/// How long a stopped run may take to stop what the server is doing for it, or to take its key back. The SSH server does the
/// latter by itself when it notices that the login is gone: the watcher for that was there with the key.
const CLEAN_UP: Duration = Duration::from_millis(600);
/// What is left of the second is for the report.
const _: () = assert!(CLEAN_UP.as_millis() + 200 < signals::LAST_WORDS.as_millis());

/// One walk through the steps, from start to last words.
pub(crate) struct RunSession {
    pub(crate) command: Command,
    pub(crate) access: Access,
    pub(crate) settings: Settings,
    pub(crate) asker: Asker,
    pub(crate) undo: UndoFile,
    pub(crate) outputs: Outputs,
    pub(crate) sheet: Option<Sheet>,
    pub(crate) start: Start,
    pub(crate) expected: Option<Expected>,
}

/// How a walk ended.
pub(crate) struct Ended {
    pub(crate) exit_code: u8,
    /// Whether the form was shown, so that Stitch may come now.
    pub(crate) came_through: bool,
}

impl RunSession {
    pub(crate) async fn go<C: Console>(mut self, console: &mut C, stop: &mut Stop) -> Result<Ended> {
        let mut world = Writer::new(&self.settings, self.access, self.asker);
        if self.command == Command::Check {
            world.reader().log_in_ahead();
        }
        let mut report = Report::new(self.command);
        let mut run = Run {
            command: self.command,
            world: &mut world,
            console: &mut *console,
            undo: self.undo,
            start: self.start,
            expected: self.expected,
        };
        let cut_short = tokio::select! {
            done = Box::pin(runner::run(&mut self.settings, &mut run, &mut report)) => { done?; false }
            () = stop.requested() => true,
        };
        if cut_short {
            report.ending = Ending::Stopped;
        }
        // While a temporary key is installed nothing is being changed in PostgreSQL. A question that was given up goes on on the
        // server.
        if (cut_short || report.failed_step().is_some()) && !world.has_temporary_key() {
            // A server that does not take the request in time ends the statement by itself.
            let _ = tokio::time::timeout(CLEAN_UP, world.cancel()).await;
        }
        // No temporary key is left after an undisturbed run; after any other it is removed now.
        let returned = tokio::time::timeout(CLEAN_UP, world.take_key_back()).await;
        report.server = world.reader().known_server().cloned();
        report.stitch_encryption = world.reader().stitch_encryption;
        report.host_key = world.reader().host_key();
        let mut said = console.finish(&report, &self.settings);
        let annotations = self
            .outputs
            .annotated
            .then(|| report.document(Format::Github, &self.settings));
        if let Some(annotations) = annotations.flatten().filter(|text| !text.is_empty()) {
            said = said.and_then(|()| Ok(output::document(&annotations)?));
        }
        // One that cannot be written is no reason to go without the other.
        let written = self.outputs.write(|format| report.document(format, &self.settings));
        if let Some(sheet) = self.sheet.filter(|_| report.came_through()) {
            sheet.write(&report, &self.settings)?;
        }
        written?;
        match said {
            // Standard output is closed (`| head`). What was done is done all the same, and the exit code reports it.
            Err(error) if is_broken_pipe(&error) => {}
            said => said?,
        }
        if !matches!(returned, Ok(Ok(()))) {
            // No reason for another exit code: it was stopped as asked.
            output::say(
                "stitch-pg: no answer while removing the temporary key from Stitch's key file; the SSH server removes it within two minutes",
            );
        }
        Ok(Ended {
            exit_code: report.exit_code(),
            came_through: report.came_through() && report.ending != Ending::Stopped,
        })
    }
}

/// Whether the reader of the output is gone (`| head`).
pub(crate) fn is_broken_pipe(error: &Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
