//! Rules from files that name other files: `include`, `include_if_exists` and `include_dir` of PostgreSQL 16, and the lists `@file`
//! of every version. Pure: it names what is missing, the caller fetches that, and the rules are read again.

use std::collections::{BTreeMap, BTreeSet};

use super::lexer::{self, Quoting, Word};
use super::parse;
use super::rules::{Content, Line, Location, Quotes, Rules};

/// As deep as the server follows (`CONF_FILE_MAX_DEPTH`).
const DEEPEST: u32 = 10;
/// Files that include each other could go on for very long.
const MOST_LINES: usize = 50_000;

/// Something that the rules name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamedFile {
    /// The text of a file.
    File(String),
    /// The names of the files in a folder.
    Folder(String),
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Had {
    /// The content of the file.
    Text(String),
    /// The names, in any order.
    Names(Vec<String>),
    /// The server has none.
    Absent,
    /// It cannot be read from here.
    Unread,
}

/// The file and what it names, as far as that was fetched.
#[derive(Clone, Debug, Default)]
pub struct Files {
    main: String,
    had: BTreeMap<NamedFile, Had>,
}

impl Files {
    /// A file by itself. Others are looked for from where it stands.
    pub fn new(main: &str, text: String) -> Self {
        let main = main.to_owned();
        let had = BTreeMap::from([(NamedFile::File(main.clone()), Had::Text(text))]);
        Self { main, had }
    }

    /// The path of the file itself.
    pub(crate) fn main(&self) -> &str {
        &self.main
    }

    /// The text of the file itself.
    pub(crate) fn text(&self) -> &str {
        match self.had.get(&NamedFile::File(self.main.clone())) {
            Some(Had::Text(text)) => text,
            _ => "",
        }
    }

    /// Takes what was fetched.
    pub fn put(&mut self, wanted: NamedFile, had: Had) {
        self.had.insert(wanted, had);
    }

    /// The rules in the order in which the server tries them, and what is missing to know them all. `version` is the
    /// server's `server_version_num`.
    pub fn read(&self, version: u32) -> (Rules, BTreeSet<NamedFile>) {
        let mut reader = FileReader {
            files: self,
            version,
            lines: 0,
            wanted: BTreeSet::new(),
        };
        let parts = reader.file(&self.main, 0).unwrap_or_default();
        let line = |(place, part)| Line {
            place,
            content: match part {
                Part::Fields(fields) => parse::content(&fields, version),
                Part::Broken(why) => Content::Broken(why),
                Part::Open(what) => Content::Include(what),
            },
            quotes: Quotes::Seen,
        };
        (Rules(parts.into_iter().map(line).collect()), reader.wanted)
    }
}

/// One line, with the lists in it read.
enum Part {
    Fields(Vec<Vec<Word>>),
    Broken(String),
    /// An include that cannot be followed from here.
    Open(String),
}

/// Why there are no lines.
enum Without {
    Unread,
    Refused(&'static str),
}

const ABSENT: &str = "it does not exist";

struct FileReader<'a> {
    files: &'a Files,
    version: u32,
    lines: usize,
    wanted: BTreeSet<NamedFile>,
}

impl<'a> FileReader<'a> {
    fn file(&mut self, path: &str, depth: u32) -> Result<Vec<(Location, Part)>, Without> {
        if depth > DEEPEST {
            return Err(Without::Refused("maximum nesting depth exceeded"));
        }
        let Had::Text(text) = self.had(NamedFile::File(path.to_owned()))? else {
            return Err(Without::Unread);
        };
        let mut parts = Vec::new();
        for raw in lexer::lines(text, self.version) {
            self.lines += 1;
            if self.lines > MOST_LINES {
                return Err(Without::Refused("more lines than stitch-pg reads"));
            }
            let place = Location {
                file: (path != self.files.main).then(|| path.to_owned()),
                number: raw.number,
            };
            if let Some((how, name)) = parse::follow(&raw.fields, self.version) {
                self.include(how, name, (path, depth), place, &mut parts);
            } else {
                let part = self.with_lists(&raw.fields, path, depth);
                parts.push((place, part));
            }
        }
        Ok(parts)
    }

    fn had(&mut self, wanted: NamedFile) -> Result<&'a Had, Without> {
        match self.files.had.get(&wanted) {
            Some(Had::Absent) => Err(Without::Refused(ABSENT)),
            Some(Had::Unread) => Err(Without::Unread),
            Some(had) => Ok(had),
            None => {
                self.wanted.insert(wanted);
                Err(Without::Unread)
            }
        }
    }

    fn include(
        &mut self,
        how: &str,
        name: &str,
        (from, depth): (&str, u32),
        place: Location,
        parts: &mut Vec<(Location, Part)>,
    ) {
        let path = beside(from, name);
        let lines = match how {
            "include_dir" => self.folder(&path, depth + 1),
            _ => self.file(&path, depth + 1),
        };
        let part = match lines {
            Ok(lines) => return parts.extend(lines),
            Err(Without::Refused(ABSENT)) if how == "include_if_exists" => return,
            Err(Without::Refused(why)) => Part::Broken(not_opened(&path, why)),
            Err(Without::Unread) => Part::Open(format!("{how} {name}")),
        };
        parts.push((place, part));
    }

    /// As `GetConfFilesInDir` chooses and sorts them.
    fn folder(&mut self, path: &str, depth: u32) -> Result<Vec<(Location, Part)>, Without> {
        let mut names = match self.had(NamedFile::Folder(path.to_owned()))? {
            Had::Names(names) => names.clone(),
            _ => return Err(Without::Unread),
        };
        let is_taken = |name: &String| !name.starts_with('.') && name.strip_suffix(".conf").is_some();
        names.retain(is_taken);
        names.sort_unstable();
        let mut parts = Vec::new();
        for name in names {
            parts.extend(self.file(&format!("{}/{name}", path.trim_end_matches('/')), depth)?);
        }
        Ok(parts)
    }

    /// Words that name a list are replaced by what is in it; a field of which nothing is left is gone, as it is for the
    /// server.
    fn with_lists(&mut self, fields: &[Vec<Word>], from: &str, depth: u32) -> Part {
        let mut read = Vec::new();
        for field in fields {
            let mut words = Vec::new();
            for word in field {
                match self.list(word, from, depth) {
                    Ok(found) => words.extend(found),
                    Err(why) => return Part::Broken(why),
                }
            }
            if !words.is_empty() {
                read.push(words);
            }
        }
        if read.is_empty() {
            Part::Broken("the line is empty after its lists are read".to_owned())
        } else {
            Part::Fields(read)
        }
    }

    /// The words a word stands for: mostly itself; also when its list cannot be read from here.
    fn list(&mut self, word: &Word, from: &str, depth: u32) -> Result<Vec<Word>, String> {
        let name = match word.text.strip_prefix('@') {
            Some(name) if word.quoting == Quoting::Bare && !name.is_empty() => name,
            _ => return Ok(vec![word.clone()]),
        };
        let path = beside(from, name);
        let parts = match self.file(&path, depth + 1) {
            Ok(parts) => parts,
            Err(Without::Unread) => return Ok(vec![word.clone()]),
            Err(Without::Refused(why)) => return Err(not_opened(&path, why)),
        };
        let mut words = Vec::new();
        for (_, part) in parts {
            match part {
                Part::Fields(fields) => words.extend(fields.into_iter().flatten()),
                Part::Broken(why) => return Err(why),
                Part::Open(_) => return Ok(vec![word.clone()]),
            }
        }
        Ok(words)
    }
}

fn not_opened(path: &str, why: &str) -> String {
    format!("could not open \"{path}\": {why}")
}

/// Where a file is that another one names.
fn beside(from: &str, name: &str) -> String {
    match from.rsplit_once('/') {
        Some((folder, _)) if !name.starts_with('/') => format!("{folder}/{name}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
