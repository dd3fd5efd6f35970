//! Scripts about `pg_hba.conf`, for the machine PostgreSQL runs on: looked at, our lines put in, taken out again. Every
//! byte that is not ours stays as it is.

use std::fmt;

use super::frame::{assignments, expanded, framed, quoted};
use crate::hba::edit::{At, HbaLines, LineEnd, Running};
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

/// Tells the file's MD5, its device and inode, how its lines end, and whether who runs this may write it, as `name=value` lines.
pub(crate) fn inspect_hba(file: &str) -> Statement {
    look("Check pg_hba.conf. This changes nothing.", file, &[], ". inspect_hba")
}

/// Prints every line below a remark, up to the next that is no rule, as `rule=LINE` behind `remark=`.
pub(crate) fn find_hba_lines(file: &str, remark: &str) -> Statement {
    let title = "Search for Stitch's lines in pg_hba.conf. This changes nothing.";
    look(
        title,
        file,
        &[("remark", remark)],
        include_str!("scripts/find_hba_lines.sh"),
    )
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

/// Puts the lines in, and tells the MD5 of the file with them as `inspect_hba` does.
pub fn add_hba_lines(edit: &HbaLines) -> Statement {
    let number = match edit.at {
        At::Above(number) => number.to_string(),
        At::End => String::new(),
    };
    let settings = [("md5", edit.md5.as_str()), ("number", &number)];
    edit.script(
        "Add Stitch's lines to pg_hba.conf. The rest of the file does not change.",
        &settings,
        include_str!("scripts/add_hba_lines.sh"),
    )
}

/// Takes the lines out again, wherever they stand by then; the server may have been started anew.
pub fn remove_hba_lines(edit: &HbaLines) -> Statement {
    let later = HbaLines {
        signal: edit.signal.map(|server| Running {
            started: None,
            ..server
        }),
        ..edit.clone()
    };
    later.script(
        "Remove Stitch's lines from pg_hba.conf. The rest of the file does not change.",
        &[],
        include_str!("scripts/remove_hba_lines.sh"),
    )
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
        format!(
            "block() {{\n    printf '%s{end}' \\\n        {}\n}}",
            lines.join(" \\\n        ")
        )
    }
}
