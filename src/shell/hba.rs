//! Scripts about `pg_hba.conf`, for the machine PostgreSQL runs on: they read it, add our lines and remove them again. Every
//! byte that is not ours stays as it is. The rules are read as the user that the server runs as, since root could read more
//! than the server does.

use std::fmt;

use super::frame::{assignments, expanded, framed, quoted, script};
use crate::hba::edit::{At, HbaLines, LineEnd, Running};
use crate::hba::{Files, Had, NamedFile};
use crate::sql;
use crate::statement::Statement;

/// What every script begins with.
const BEGIN: &str = ". fail\n. has\n. as_owner\n. who_can_write\n";

/// As `pg_ctl reload` does it (PostgreSQL docs, the page of `pg_ctl`), with the rights of the process that was found: by then
/// its number may be another program's.
const SIGNAL: &str = "as_owner \"$found_uid\" \"$found_gid\" \"$found_name\" \"$found\" <<'SIGNAL'
kill -HUP \"$1\"
SIGNAL
";

/// Prints the file's MD5, its device and inode, how its lines end, and whether this user may write it, as `name=value` lines.
pub(crate) fn inspect_hba(file: &str) -> Statement {
    look("Check pg_hba.conf. This changes nothing.", file, &[], ". inspect_hba")
}

/// Prints every line below a remark, up to the next that is no rule, as `rule=LINE` behind `remark=`.
pub(crate) fn find_hba_lines(file: &str, remark: &str) -> Statement {
    let title = "Search for Stitch's lines in pg_hba.conf. This changes nothing.";
    let template = include_str!("scripts/find_hba_lines.sh");
    look(title, file, &[("remark", remark)], template)
}

fn look(title: &str, file: &str, settings: &[(&str, &str)], template: &str) -> Statement {
    let follow = expanded(&format!("{BEGIN}. follow"));
    let work = work(settings, &expanded(template));
    framed(title, &[("file", file)], &(follow + &work))
}

/// What is done to the file, as the user whose directory it is in.
fn work(settings: &[(&str, &str)], body: &str) -> String {
    let text = format!("set -euf\nfile=$1\n{{\n{}{body}}} </dev/null", assignments(settings));
    let mut end = "AS_OWNER".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    format!("as_owner \"$uid\" 65534 \"$name\" \"$file\" <<'{end}'\n{text}\n{end}\n")
}

/// Puts the lines in, and prints the MD5 of the file with them as `inspect_hba` does.
pub fn add_hba_lines(edit: &HbaLines) -> Statement {
    let number = match edit.at {
        At::Above(number) => number.to_string(),
        At::End => String::new(),
    };
    let settings = [("md5", edit.md5.as_str()), ("number", &number)];
    let title = "Add Stitch's lines to pg_hba.conf. The rest of the file does not change.";
    edit.script(title, &settings, include_str!("scripts/add_hba_lines.sh"))
}

/// Takes the lines out again, wherever they stand by then; the server may have been started anew.
pub fn remove_hba_lines(edit: &HbaLines) -> Statement {
    let mut later = edit.clone();
    if let Some(server) = &mut later.signal {
        server.started = None;
    }
    let title = "Remove Stitch's lines from pg_hba.conf. The rest of the file does not change.";
    later.script(title, &[], include_str!("scripts/remove_hba_lines.sh"))
}

impl HbaLines {
    /// A script about these lines. The server to be signalled is found before anything is changed.
    fn script(&self, title: &str, more: &[(&str, &str)], template: &str) -> Statement {
        let cut = match self.end {
            LineEnd::Lf => "1",
            LineEnd::CrLf => "2",
        };
        let body = expanded(template).replacen("BLOCK", &self.block(), 1);
        let work = work(&[more, &[("cut", cut)]].concat(), &body);
        let file = ("file", self.file.as_str());
        let Some(server) = self.signal else {
            return framed(title, &[file], &(expanded(&format!("{BEGIN}. follow")) + &work));
        };
        let before = expanded(&format!("{BEGIN}. follow\n. find_server"));
        let [(port, at), (started, when)] = server.settings();
        let settings = [file, (port, &at), (started, &when)];
        framed(title, &settings, &format!("{before}{work}{SIGNAL}"))
    }

    /// What is run: the script, and the statement by which the server is asked to read the file again.
    pub(crate) fn show(&self, f: &mut fmt::Formatter<'_>, script: &Statement) -> fmt::Result {
        match self.signal {
            None => write!(f, "{script}{};", sql::reload()),
            Some(_) => write!(f, "{script}"),
        }
    }

    /// A function that prints the lines with their ends.
    fn block(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(|line| quoted(line)).collect();
        let end = match self.end {
            LineEnd::Lf => r"\n",
            LineEnd::CrLf => r"\r\n",
        };
        let lines = lines.join(" \\\n        ");
        format!("block() {{\n    printf '%s{end}' \\\n        {lines}\n}}")
    }
}

impl Running {
    /// From these `scripts/find_server.sh` knows which server to look for.
    fn settings(self) -> [(&'static str, String); 2] {
        [
            ("port", self.port.to_string()),
            ("started", self.started.map(|at| at.to_string()).unwrap_or_default()),
        ]
    }
}

/// What [`read_hba`] printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Printed {
    /// The path of `pg_hba.conf`.
    pub(crate) main: Option<String>,
    pub(crate) found: Vec<(NamedFile, Had)>,
    /// When the newest of the files was written to, in seconds since 1970.
    pub(crate) edited: Option<i64>,
    /// Which file `pg_hba.conf` is, by device and inode: of one name there may be two, one of them a container's.
    pub(crate) identity: Option<String>,
}

/// Reads the files that are wanted; without any, `pg_hba.conf` itself. `path` is where that is, if the server reported
/// it, and `session` the process that serves us.
pub(crate) fn read_hba<'a>(
    server: Running,
    session: i32,
    path: Option<&str>,
    wanted: impl Iterator<Item = &'a NamedFile>,
) -> Statement {
    let line = |wanted: &NamedFile| match wanted {
        NamedFile::File(path) => format!("file {path}"),
        NamedFile::Folder(path) => format!("folder {path}"),
    };
    let lines: Vec<String> = wanted.map(line).collect();
    let [(port, at), (started, when)] = server.settings();
    script(
        "Read the rules of the PostgreSQL server that runs here. This changes nothing.",
        &[
            (port, &at),
            (started, &when),
            ("session", &session.to_string()),
            ("path", path.unwrap_or_default()),
            ("list", &lines.join("\n")),
        ],
        include_str!("scripts/read_hba.sh"),
    )
}

impl Printed {
    /// Reads what [`read_hba`] printed.
    pub(crate) fn read(text: &str) -> Self {
        let mut printed = Self::default();
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let path = || rest.to_owned();
            match (word, printed.found.last_mut()) {
                ("", Some((_, Had::Text(text)))) => {
                    text.push_str(rest);
                    text.push('\n');
                }
                ("name", Some((_, Had::Names(names)))) => names.push(path()),
                ("main", _) => printed.main = Some(path()),
                ("file", _) => printed.found.push((NamedFile::File(path()), Had::Text(String::new()))),
                ("folder", _) => printed.found.push((NamedFile::Folder(path()), Had::Names(Vec::new()))),
                ("no-file", _) => printed.found.push((NamedFile::File(path()), Had::Absent)),
                ("no-folder", _) => printed.found.push((NamedFile::Folder(path()), Had::Absent)),
                ("identity", _) => printed.identity = Some(path()),
                ("edited", _) => printed.edited = printed.edited.max(rest.parse().ok()),
                _ => {}
            }
        }
        printed
    }

    /// The file itself, with nothing beside it yet.
    pub(crate) fn main_file(&self) -> Option<Files> {
        let main = self.main.as_deref()?;
        self.found.iter().find_map(|found| match found {
            (NamedFile::File(path), Had::Text(text)) if path == main => Some(Files::new(main, text.clone())),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_printed() {
        let printed = Printed::read(
            "main /d/hba\nfile /d/hba\n local a b peer\r\n file x\n \nno-file /d/x\nfolder /d/c\nname a.conf\nname b c\n\
             no-folder /e\nidentity 1:2\nedited 7\nedited 5\n",
        );
        let file = |path: &str| NamedFile::File(path.to_owned());
        let folder = |path: &str| NamedFile::Folder(path.to_owned());
        assert_eq!(
            printed.found,
            [
                (file("/d/hba"), Had::Text("local a b peer\nfile x\n\n".to_owned())),
                (file("/d/x"), Had::Absent),
                (folder("/d/c"), Had::Names(vec!["a.conf".to_owned(), "b c".to_owned()])),
                (folder("/e"), Had::Absent),
            ]
        );
        assert_eq!((printed.main.as_deref(), printed.edited), (Some("/d/hba"), Some(7)));
        assert_eq!(printed.identity.as_deref(), Some("1:2"));
        assert_eq!(printed.main_file().expect("it is there").read(150_000).0.0.len(), 2);
        assert!(Printed::read("").main_file().is_none());
    }
}
