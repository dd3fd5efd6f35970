//! The way back, written while the run goes on: a POSIX shell script that undoes, newest first, exactly what was changed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::change::{Action, Change, Sql};
use crate::names::{DatabaseName, RoleName};
use crate::output_file::{Growing, Links, PRIVATE, Target};
use crate::settings::{Machine, Settings};

use crate::shell;
use crate::visible;

mod reach;
mod whole;

/// An undo file, or none.
pub(crate) struct UndoFile(Option<Open>);

struct Open {
    file: Growing,
    /// As it was named, for messages.
    path: PathBuf,
    /// Whether the end of an entry that a killed run left was cut off.
    was_repaired: bool,
    /// psql's connection words.
    psql: String,
    /// What stands in front of each transaction.
    opening: String,
    /// Stitch's role, whose going makes the rest of the way back done.
    role: RoleName,
    /// What runs a script as root on the SSH server.
    host: String,
    /// What runs a script on the machine PostgreSQL runs on.
    database_host: String,
    /// What runs a script as root on the machine Stitch reaches.
    entrance: String,
    count: usize,
    /// The function of the change that is being made.
    begun: Option<String>,
}

/// Every change has a function, written before the change is made, and a line that puts it first in the list, written when it was
/// made: what another session made in the meantime is never undone. Both stand in braces, which a shell reads to their end before
/// it runs anything of them, so an entry that was cut off at any byte is not run. The trap runs the list when the shell comes to
/// the end of the file, or to an entry that has no end.
const HEADER: &str = "#!/bin/sh
# Undoes the changes of stitch-pg, newest first. Read it before you run it: sh THIS_FILE
# psql asks for the admin's password, or takes it from PGPASSWORD or ~/.pgpass.
# A function without an undo= line after it belongs to a change that failed or was interrupted. Check whether the
# change was made. If so, call the function yourself.
set -u
undo=
failed() { echo \"stitch-pg: $1 in this file failed, the rest was not run. Fix the cause, then run the file again.\" >&2; exit 1; }
trap 'for step in $undo; do \"$step\" || failed \"$step\"; done' EXIT
";

impl UndoFile {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Opens the file (mode 0600) and appends to what an earlier run has written.
    pub(crate) fn open(path: &Path, settings: &Settings) -> Result<Self> {
        let open = || -> Result<(Growing, bool)> {
            let mut file = Target::find(path, Links::Refused)?.growing(PRIVATE)?;
            ensure!(
                file.mode()? & 0o022 == 0,
                "others can write to it, and you would run it; fix that with: chmod go-w {}",
                shell::word(&path.to_string_lossy())
            );
            let was_repaired = file.cut(|content| whole::length(content, HEADER))? > 0;
            file.append_with(0, |content| {
                let tunnel = reach::tunnel(settings).map(|tunnel| format!("{{\n{tunnel}}}\n"));
                let tunnel = tunnel.unwrap_or_default();
                let header = if content.is_empty() { HEADER } else { "" };
                format!("{header}{tunnel}").into_bytes()
            })?;
            Ok((file, was_repaired))
        };
        let (file, was_repaired) = open().with_context(|| format!("cannot write the undo file {}", path.display()))?;
        let host = reach::host(settings);
        let database_host = match settings.database_machine() {
            Some(Machine::Bastion) => host.clone(),
            _ => "sh -s".to_owned(),
        };
        Ok(Self(Some(Open {
            file,
            path: path.to_owned(),
            was_repaired,
            psql: reach::psql(settings),
            opening: crate::sql::opening(settings.admin.acts_as().as_deref()),
            role: settings.stitch.role.clone(),
            entrance: if settings.bastion.is_some() {
                host.clone()
            } else {
                database_host.clone()
            },
            database_host,
            host,
            count: 0,
            begun: None,
        })))
    }

    /// What is to be said about the file as it was found.
    pub(crate) fn note(&self) -> Option<String> {
        let path = self.0.as_ref().filter(|open| open.was_repaired)?.path.display();
        Some(format!(
            "the last entry of {path} was incomplete (an earlier run was killed) and is removed"
        ))
    }

    /// Writes the way back of one change to disk, before the change is made. `database`: where psql goes when any database
    /// will do.
    pub(crate) fn begin(&mut self, change: &Change, database: &DatabaseName) -> Result<()> {
        let Some(open) = &mut self.0 else { return Ok(()) };
        open.begun = None;
        open.count += 1;
        let name = format!("undo_{}_{}", std::process::id(), open.count);
        let entry = match &change.undo {
            Some(undo) => {
                let (command, text) = match undo {
                    Action::Sql(sql) => (
                        format!("{} -d {}", open.psql, reach::database(sql.database.as_str())),
                        guarded(sql, &open.role, &open.opening),
                    ),
                    Action::Host(script) => (open.host.clone(), script.to_string()),
                    Action::Ingress(script) => (open.entrance.clone(), script.to_string()),
                    Action::Http(request) => ("sh -s".to_owned(), shell::curl(request)),
                    Action::RemoveHbaLines(edit) => {
                        let reload = shell::word(&format!("{}; {};", open.opening, crate::sql::reload()));
                        let command = match edit.signal {
                            Some(_) => open.database_host.clone(),
                            None => format!(
                                "{{ {} && {} -d {} -c {reload} </dev/null; }}",
                                open.database_host,
                                open.psql,
                                reach::database(database.as_str())
                            ),
                        };
                        (command, shell::remove_hba_lines(edit).to_string())
                    }
                    Action::AddHbaLines(_) | Action::SaveSecret { .. } => return Ok(()),
                };
                let end = delimiter(&text);
                let head = format!(
                    "# to undo: {}\n{{\n{name}() {{\n{command} <<'{end}'\n",
                    visible::one_line(&change.summary)
                );
                // In place: there may be a hundred thousand statements.
                let mut entry = text;
                entry.insert_str(0, &head);
                let _ = write!(entry, "\n{end}\n}}\n}}\n");
                entry
            }
            None => format!("# no undo: {}\n", visible::one_line(&change.summary)),
        };
        // Room for the line of `made`, so that it cannot fail for want of space when the change is made.
        let path = open.path.display();
        let written = open.file.append(&entry, made(&name).len());
        written.with_context(|| format!("cannot write the undo file {path}, so the change was not made"))?;
        open.begun = change.undo.is_some().then_some(name);
        // A part of it may be made when the run is cut off, and its way back does nothing to the rest, so that is in force
        // from the start.
        if change.piecemeal().is_some() {
            self.made()
        } else {
            Ok(())
        }
    }

    /// The change was made: from now on the file takes it back.
    pub(crate) fn made(&mut self) -> Result<()> {
        let Some(open) = &mut self.0 else { return Ok(()) };
        let Some(name) = open.begun.take() else { return Ok(()) };
        open.file.append(&made(&name), 0).with_context(|| {
            format!(
                "the change was made, but the undo file {} does not record it: to undo it, call its function {name}",
                open.path.display()
            )
        })
    }
}

/// The line that puts a function first in the list.
fn made(name: &str) -> String {
    format!("{{ undo=\"{name} $undo\"; }}\n")
}

/// The statements, or none where the guard says so, or where the role is gone: nothing is left then to be taken from it.
fn guarded(sql: &Sql, role: &RoleName, opening: &str) -> String {
    let mut condition = crate::sql::role_exists(role);
    if let Some(unless) = &sql.unless {
        let _ = write!(condition, " AND NOT ({unless})");
    }
    // In each transaction: behind a pooler the session is not psql's alone.
    let opening = format!("{opening};\n");
    let mut text = sql.for_psql(Some(&opening), |statement| format!("{statement};\n"));
    let (encoding, told) = (crate::sql::PSQL_ENCODING, crate::sql::TELL_EVENT_TRIGGERS);
    let todo = format!("SELECT {condition} AS stitch_todo \\gset\nCOMMIT;\n\\if :stitch_todo\n");
    text.insert_str(0, &format!("{encoding}BEGIN;\n{opening}{told}{todo}"));
    text.push_str("\\endif");
    text
}

/// A here-document's end that does not occur in the text.
fn delimiter(text: &str) -> String {
    let mut end = "END".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    end
}
