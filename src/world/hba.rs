//! `pg_hba.conf` on the machine PostgreSQL runs on: read, and changed for [`super::Writer::apply`].

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use tokio::time::sleep;

use super::database_handle::Target;
use super::host::Host;
use super::reader::Reader;
use super::writer::Writer;
use crate::hba::edit::{HbaLines, Running};
use crate::hba::{Files, Had, NamedFile};
use crate::settings::{HandedOver, Machine, bounded};
use crate::shell::{self, PrintedHba, read_hba};
use crate::sql;

/// How long the server may take to read its files again; it is a signal away.
const PAUSES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// What [`sql::HBA_LOADED`] answers.
#[derive(Debug, Deserialize)]
struct Loaded {
    since: String,
    loaded: bool,
}

/// What [`sql::HBA_STATE`] answers, or we find in the file ourselves.
#[derive(Debug, Deserialize)]
struct InForce {
    rules: usize,
    broken: usize,
    complaint: Option<String>,
}

impl Reader {
    /// What [`shell::inspect_hba`] prints on the machine PostgreSQL runs on.
    pub(crate) async fn read_hba_file(&mut self, file: &str) -> Result<String> {
        let host = self.database_host().await?;
        host.as_owner_or_root(&shell::inspect_hba(file)).await
    }

    /// What [`shell::find_hba_lines`] prints on the machine PostgreSQL runs on.
    pub(crate) async fn find_hba_lines(&mut self, file: &str, remark: &str) -> Result<String> {
        let host = self.database_host().await?;
        host.as_owner_or_root(&shell::find_hba_lines(file, remark)).await
    }

    pub(super) async fn database_host(&mut self) -> Result<&mut Host> {
        match self.settings.database_machine() {
            Some(Machine::Bastion) => self.host().await,
            Some(Machine::Here) => Ok(self.here.get_or_insert_with(|| Host::here(&self.settings, &self.asker))),
            None => bail!("the machine PostgreSQL runs on cannot be reached from here"),
        }
    }
}

impl Writer {
    /// Puts the lines in, has the server reload, and makes sure that it took all of them; if not, takes them out again.
    pub(super) async fn add_hba_lines(&mut self, edit: &HbaLines) -> Result<()> {
        let since = self.last_reload().await?;
        let before = self.hba_rules(edit).await?;
        ensure!(
            before.broken == 0,
            "pg_hba.conf has lines that the server cannot parse; fix them first"
        );
        let host = self.reader.database_host().await?;
        let left = host.as_owner_or_root(&shell::add_hba_lines(edit)).await?;
        // The first of the lines is a remark.
        let wanted = before.rules + edit.lines.len() - 1;
        let Err(error) = self.reload_and_prove(edit, &since, (wanted, &left)).await else {
            return Ok(());
        };
        match self.take_out(edit, &since).await {
            Ok(()) => Err(error.context("the lines were removed again, so pg_hba.conf has not changed")),
            Err(worse) => bail!("{error:#}; removing the lines also failed: {worse:#}"),
        }
    }

    /// Takes the lines out, and has the server reload.
    pub(super) async fn remove_hba_lines(&mut self, edit: &HbaLines) -> Result<()> {
        let since = self.last_reload().await?;
        self.take_out(edit, &since).await
    }

    async fn take_out(&mut self, edit: &HbaLines, since: &str) -> Result<()> {
        let host = self.reader.database_host().await?;
        host.as_owner_or_root(&shell::remove_hba_lines(edit)).await?;
        self.reload(edit, since).await.context("the lines are removed")
    }

    /// `left` is what was printed about the file as we left it.
    async fn reload_and_prove(&mut self, edit: &HbaLines, since: &str, (wanted, left): (usize, &str)) -> Result<()> {
        self.reload(edit, since).await?;
        let after = self.hba_rules(edit).await?;
        match after.complaint {
            Some(complaint) => bail!("the server cannot read the added lines: {complaint}"),
            None if after.broken > 0 => bail!("the server cannot read the added lines"),
            None => {}
        }
        // Where another run has changed the file by now, the number proves nothing; the step checks every rule again.
        ensure!(
            after.rules == wanted
                || shell::value(&self.reader.read_hba_file(&edit.file).await?, "md5") != shell::value(left, "md5"),
            "the server shows {} rules where {wanted} were expected",
            after.rules
        );
        Ok(())
    }

    /// Reloads where the script did not, and waits until it is done.
    async fn reload(&mut self, edit: &HbaLines, since: &str) -> Result<()> {
        if edit.signal.is_none() {
            self.reload_server().await?;
        }
        for _ in 0..PAUSES {
            if self.loaded(since).await?.loaded {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        bail!("the server has not reloaded its configuration files; check its log")
    }

    async fn last_reload(&mut self) -> Result<String> {
        Ok(self.loaded("").await?.since)
    }

    async fn loaded(&mut self, since: &str) -> Result<Loaded> {
        let loaded = self.reader.ask(Target::Server, sql::HBA_LOADED, &[since]).await?;
        loaded.context("the server did not answer about its configuration files")
    }

    /// The rules as the server reads them; for a login that may not ask it, as we do, from the same file.
    async fn hba_rules(&mut self, edit: &HbaLines) -> Result<InForce> {
        let Some(running) = edit.signal else {
            let rules = self.reader.ask(Target::Server, sql::HBA_STATE, &[]).await?;
            return rules.context("the server did not answer about its rules");
        };
        let version =
            u32::try_from(self.reader.server().await?.version_num).context("the server reports an unknown version")?;
        let read = self.reader.read_hba_files(running, Some(&edit.file), version).await?;
        let (rules, _) = read.files.read(version);
        let complaint = rules.broken().next().map(|(_, complaint)| complaint.to_owned());
        Ok(InForce {
            rules: rules.rules().count(),
            broken: rules.broken().count(),
            complaint,
        })
    }
}

/// Files that name files: deeper than the server follows.
const ROUNDS: u32 = 12;

/// The rules of a server as they stand on its own machine.
pub(crate) struct Read {
    pub(crate) files: Files,
    /// When the newest of them was written to, in seconds since 1970.
    pub(crate) edited: Option<i64>,
    /// Device and inode of `pg_hba.conf`.
    pub(crate) identity: Option<String>,
}

impl Reader {
    /// The server's files on its own machine, when that is one we can run scripts on. `path`: the first file, if the server
    /// reported it.
    pub(crate) async fn read_hba_files(&mut self, server: Running, path: Option<&str>, version: u32) -> Result<Read> {
        let session = self
            .ask::<i32>(Target::Server, "SELECT pg_backend_pid()::text", &[])
            .await?
            .unwrap_or_default();
        let host = self.database_host().await?;
        let first = PrintedHba::read(
            &host
                .as_root_or_self(&read_hba(server, session, path, [].iter()))
                .await?,
        );
        let mut files = first.main_file().context("the file could not be read there")?;
        let mut edited = first.edited;
        for _ in 0..ROUNDS {
            let (_, wanted) = files.read(version);
            if wanted.is_empty() {
                break;
            }
            let script = read_hba(server, session, Some(files.main()), wanted.iter());
            let more = PrintedHba::read(&host.as_root_or_self(&script).await?);
            edited = edited.max(more.edited);
            for (wanted, had) in more.found {
                files.put(wanted, had);
            }
        }
        Ok(Read {
            files,
            edited,
            identity: first.identity,
        })
    }
}

/// A copy with what lies beside it. What it names elsewhere would be another machine's file; that, and what is not
/// there, stays open.
pub(crate) fn beside(copy: &HandedOver, version: u32) -> Files {
    let path = copy.path.as_deref();
    let mut files = Files::new(path.and_then(Path::to_str).unwrap_or_default(), copy.text.clone());
    let folder = path.and_then(Path::parent);
    for _ in 0..ROUNDS {
        let (_, missing) = files.read(version);
        if missing.is_empty() {
            break;
        }
        for wanted in missing {
            let (NamedFile::File(name) | NamedFile::Folder(name)) = &wanted;
            let is_beside = folder.is_some_and(|folder| Path::new(name).starts_with(folder));
            let had = match &wanted {
                _ if !is_beside => None,
                NamedFile::File(name) => text(Path::new(name)).map(Had::Text),
                NamedFile::Folder(name) => names(Path::new(name)).map(Had::Names),
            };
            files.put(wanted, had.unwrap_or(Had::Unread));
        }
    }
    files
}

fn text(path: &Path) -> Option<String> {
    let bytes = bounded(File::open(path).ok()?).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn names(folder: &Path) -> Option<Vec<String>> {
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let files = entries.filter(|entry| !entry.path().is_dir());
    Some(files.filter_map(|entry| entry.file_name().into_string().ok()).collect())
}
