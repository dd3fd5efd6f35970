//! The text behind the server's view of its rules, for the quotes that the view drops.

use crate::hba::edit::Running;
use crate::hba::{Files, Had, NamedFile, Rules};
use crate::world::{Reader, Target};

/// Files that name files: deeper than the server follows.
const ROUNDS: u32 = 12;

/// No more of one file is read.
const LONGEST: usize = 2 << 20;

/// The rules as they are written; none where the text cannot be had. `text`: that of the first file, in hexadecimal digits.
pub(super) async fn read(
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
