//! Reads `pg_hba.conf` and what it names on the machine of the server that was asked, as the user that server runs as:
//! root's own eyes would see more than the server does.

use super::frame::script;
use crate::hba::edit::Running;
use crate::hba::{Files, Had, NamedFile};
use crate::statement::Statement;

impl Running {
    /// Where `scripts/find_server.sh` learns whom to look for.
    pub(super) fn settings(self) -> [(&'static str, String); 2] {
        [
            ("port", self.port.to_string()),
            ("started", self.started.map(|at| at.to_string()).unwrap_or_default()),
        ]
    }
}

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

/// Reads the files that are wanted; without any, `pg_hba.conf` itself. `path` is where that is, if the server told,
/// and `session` the process that serves us.
pub(crate) fn read_hba<'a>(
    server: Running,
    session: i32,
    path: Option<&str>,
    wanted: impl Iterator<Item = &'a NamedFile>,
) -> Statement {
    let lines: Vec<String> = wanted
        .map(|wanted| match wanted {
            NamedFile::File(path) => format!("file {path}"),
            NamedFile::Folder(path) => format!("folder {path}"),
        })
        .collect();
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
