//! Whether `pg_hba.conf` can be written from here. The server's own functions can read a file and not write one as it
//! should be written, so it takes the machine: this one, or the SSH server. What is there must be the server's very file.

use crate::hba::edit::{At, HbaLines, LineEnd, Running};
use crate::settings::{Machine, Settings};
use crate::shell::value;
use crate::steps::allowlist::facts::Reach;
use crate::world::{HbaRead, Reader};

/// `sum` is the MD5 of the file as the server reads it, which takes a version that reads a file of any path for us. `None`:
/// what the machine has under that name is another file.
pub(super) async fn reach(settings: &Settings, reader: &mut Reader, path: &str, sum: Option<&str>) -> Option<Reach> {
    if settings.database_machine().is_none() {
        return Some(Reach::No(
            "PostgreSQL runs on another machine; run stitch-pg there with --host localhost. If that is the SSH server, use --bastion with --stitch-host localhost"
                .to_owned(),
        ));
    }
    let Some(sum) = sum else {
        return Some(Reach::No("that needs PostgreSQL 11 or newer".to_owned()));
    };
    match reader.read_hba_file(path).await {
        Ok(told) if value(&told, "md5") == Some(sum) => Some(writable(path, &told, sum, None)),
        Ok(_) => None,
        Err(error) => Some(Reach::No(format!("{error:#}"))),
    }
}

/// Why such a file is left alone.
pub(super) fn another(settings: &Settings) -> Reach {
    let whose = match settings.database_machine() {
        Some(Machine::Bastion) => "the SSH server",
        _ => "this machine",
    };
    Reach::No(format!("the file of that name on {whose} is not the server's"))
}

/// Why a file is left alone.
pub(in crate::steps::allowlist) const ELSEWHERE: &str =
    "the server runs in a container, and the file of that name outside is a different file";

/// For a login that may not ask the server for its file: the one it was started with, whose process is on that machine.
pub(super) async fn by_signal(reader: &mut Reader, read: &HbaRead, server: Running) -> Reach {
    let path = read.files.main();
    match reader.read_hba_file(path).await {
        Ok(told) => match value(&told, "md5") {
            Some(sum) if value(&told, "identity") == read.identity.as_deref() => {
                writable(path, &told, sum, Some(server))
            }
            _ => Reach::No(ELSEWHERE.to_owned()),
        },
        Err(error) => Reach::No(format!("{error:#}")),
    }
}

fn writable(path: &str, told: &str, md5: &str, signal: Option<Running>) -> Reach {
    Reach::Yes {
        edit: HbaLines {
            file: path.to_owned(),
            md5: md5.to_owned(),
            lines: Vec::new(),
            at: At::End,
            end: LineEnd::of(told),
            signal,
        },
        continued: value(told, "continued") == Some("yes"),
    }
}
