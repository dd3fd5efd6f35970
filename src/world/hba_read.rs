//! The files of `pg_hba.conf` fetched: on PostgreSQL's own machine where the login may not ask the server for the rules,
//! or beside a copy that was handed over.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::database_handle::Target;
use super::reader::Reader;
use crate::hba::edit::Running;
use crate::hba::{Files, Had, NamedFile};
use crate::settings::{HandedOver, bounded};
use crate::shell::{PrintedHba, read_hba};

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
    /// The server's files on its own machine, when that is one we can run scripts on. `path` is where the first is, if the server told.
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
