//! The rules read by ourselves: for where the login may not ask the server for them, from a copy that was handed over, else
//! from the file itself, on the server's own machine; and the text behind the server's view of its rules, for the quotes that
//! the view drops. And whether the file can be written from here: the server's own functions can read a file and not write one
//! as it should be written, so it takes the machine, this one or the SSH server. What is there must be the server's very file.

use anyhow::Result;
use serde::Deserialize;

use super::HbaAnswer;
use crate::hba::edit::{At, HbaLines, LineEnd, Running};
use crate::hba::{Content, Files, Had, KnownRegex, Name, NamedFile, Rules, manager};
use crate::provider::Provider;
use crate::settings::{Machine, Manage, Settings};
use crate::shell::value;
use crate::steps::allowlist::facts::{Freshness, HbaFacts, HbaFile, Reach};
use crate::world::{HbaRead, Reader, Target, beside};

pub(super) async fn read(settings: &Settings, reader: &mut Reader, told: &HbaAnswer, version: u32) -> Result<HbaFacts> {
    if let Some(copy) = &settings.way_in.hba_file {
        let files = beside(copy, version);
        let rules = files.read(version).0;
        return Ok(HbaFacts::Read(Box::new(HbaFile {
            path: copy.name.clone(),
            regexes: regexes(settings, reader, &rules).await,
            rules,
            freshness: Freshness::Untold,
            stored_as_md5: false,
            manager: manager(files.text()),
            reach: if settings.manages(Manage::Hba) {
                Reach::No("it is a copy, not the server's file".to_owned())
            } else {
                Reach::NotAsked
            },
        })));
    }
    let server = reader.server().await?;
    let (superuser, provider) = (server.superuser, server.provider);
    let unread = |why| {
        if superuser {
            HbaFacts::NoView
        } else {
            HbaFacts::Forbidden(why)
        }
    };
    if provider != Provider::SelfHosted || settings.database_machine().is_none() {
        return Ok(unread(None));
    }
    let running = told.running();
    let read = match reader.read_hba_files(running, told.hba_file.as_deref(), version).await {
        Ok(read) => read,
        Err(why) => return Ok(unread(Some(format!("{why:#}")))),
    };
    let rules = read.files.read(version).0;
    let reach = if settings.manages(Manage::Hba) {
        by_signal(reader, &read, running).await
    } else {
        Reach::NotAsked
    };
    Ok(HbaFacts::Read(Box::new(HbaFile {
        path: read.files.main().to_owned(),
        regexes: regexes(settings, reader, &rules).await,
        rules,
        freshness: Freshness::of(read.edited.is_some_and(|edited| edited > told.loaded)),
        stored_as_md5: false,
        manager: manager(read.files.text()),
        reach,
    })))
}

#[derive(Deserialize)]
struct Tried {
    regexes: Vec<KnownRegex>,
}

/// The regular expressions of the rules as the server's own engine takes them; none when there is one it refuses.
async fn regexes(settings: &Settings, reader: &mut Reader, rules: &Rules) -> Vec<KnownRegex> {
    let names = rules.0.iter().flat_map(|line| match &line.content {
        Content::Rule(rule) => [&rule.databases[..], &rule.roles[..]],
        _ => [&[][..], &[][..]],
    });
    let mut patterns: Vec<&str> = Vec::new();
    for name in names.flatten() {
        if let Name::Regex(pattern) = name {
            patterns.push(pattern);
        }
    }
    if patterns.is_empty() {
        return Vec::new();
    }
    let stitch = &settings.stitch;
    let patterns = serde_json::json!(patterns).to_string();
    let parameters = [patterns.as_str(), stitch.database.as_str(), stitch.role.as_str()];
    let tried = reader.ask::<Tried>(Target::Server, REGEXES, &parameters).await;
    tried.ok().flatten().map(|tried| tried.regexes).unwrap_or_default()
}

/// `$1` is a list of patterns, tried with the collation that hba.c uses.
const REGEXES: &str = "
SELECT json_build_object('regexes', json_agg(json_build_object(
    'pattern', p, 'subject', s, 'matches', s COLLATE \"C\" ~ p)))::text
FROM json_array_elements_text($1::json) AS p, unnest(ARRAY[$2::text, $3::text]) AS s";

/// Files that name files: deeper than the server follows.
const ROUNDS: u32 = 12;

/// No more of one file is read.
const LONGEST: usize = 2 << 20;

/// The rules as they are written; none where the text cannot be had. `text`: that of the first file, in hexadecimal digits.
pub(super) async fn read_text(
    reader: &mut Reader,
    (path, text): (Option<&str>, Option<&str>),
    server: Running,
    version: u32,
) -> Rules {
    let Some(path) = path else {
        return Rules::default();
    };
    let Some(text) = text.and_then(from_hex) else {
        // Before PostgreSQL 11 the server reads no file outside of its own directory for us.
        let read = reader.read_hba_files(server, Some(path), version).await;
        return read.map(|read| read.files.read(version).0).unwrap_or_default();
    };
    let mut files = Files::new(path, text);
    for _ in 0..ROUNDS {
        let (rules, wanted) = files.read(version);
        if wanted.is_empty() {
            return rules;
        }
        for one in wanted {
            let had = fetch(reader, &one).await;
            files.put(one, had);
        }
    }
    files.read(version).0
}

async fn fetch(reader: &mut Reader, wanted: &NamedFile) -> Had {
    let asked = match wanted {
        NamedFile::File(path) => {
            let text = reader.ask::<Option<String>>(Target::Server, FILE, &[path]).await;
            text.map(|text| {
                text.map(|text| text.map_or(Had::Absent, |text| from_hex(&text).map_or(Had::Unread, Had::Text)))
            })
        }
        NamedFile::Folder(path) => {
            let names = reader.ask::<Option<Vec<String>>>(Target::Server, FOLDER, &[path]).await;
            names.map(|names| names.map(|names| names.map_or(Had::Absent, Had::Names)))
        }
    };
    asked.ok().flatten().unwrap_or(Had::Unread)
}

fn from_hex(digits: &str) -> Option<String> {
    let value = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(value).collect();
    bytes
        .filter(|bytes| bytes.len() <= LONGEST)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// `$1` is a path; null: the file does not exist.
const FILE: &str = "SELECT coalesce(to_json(encode(pg_read_binary_file($1, 0, 2097152, true), 'hex')), 'null')::text";

/// `$1` is a path; null: there is no such folder.
const FOLDER: &str = "SELECT coalesce((SELECT json_agg(n) FROM pg_ls_dir($1, true, false) AS n), 'null')::text";

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
async fn by_signal(reader: &mut Reader, read: &HbaRead, server: Running) -> Reach {
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
