//! A change of sshd's configuration for a person to make: an exact file, and the command that tests it and puts it to work.
//! A `Match` block there comes before all others, and of several that fit the first one counts.

use std::fmt::Write as _;

use crate::shell::word;
use crate::steps::ssh_user::facts::Ways;

const CONFIG: &str = "/etc/ssh/sshd_config";
const FOLDER: &str = "/etc/ssh/sshd_config.d";
/// Sorts before what else is there. The first keyword makes its name, so that the same cure has the same file.
const PREFIX: &str = "00-stitch-pg-";
/// Since this version sshd knows `Include`.
const INCLUDE: (u32, u32) = (8, 2);

/// Lines for one user.
pub(super) fn for_user(user: &str, lines: &[&str], ways: &Ways) -> String {
    let mut block = format!("Match User {user}\n");
    for line in lines {
        let _ = writeln!(block, "    {line}");
    }
    printed(&file_for(lines), &block, ways)
}

/// What stands in a keyword's place wherever it is set. For those of which sshd takes not the first but the last, or all,
/// which a drop-in cannot change.
pub(super) fn in_place(keyword: &str, instead: &str, ways: &Ways) -> String {
    let mut files = word(ways.config.as_deref().unwrap_or(CONFIG));
    if let Some(folder) = &ways.drop_ins {
        let _ = write!(files, " {}/*.conf", word(folder));
    }
    format!(
        "as root on the SSH server:\nsed -i 's/^[[:space:]]*{keyword}[[:space:]=].*/{instead}/I' {files}\n{}",
        put_to_work(ways)
    )
}

fn file_for(lines: &[&str]) -> String {
    let keyword = lines
        .first()
        .and_then(|line| line.split(' ').next())
        .unwrap_or_default();
    format!("{PREFIX}{}.conf", keyword.to_ascii_lowercase())
}

fn printed(file: &str, block: &str, ways: &Ways) -> String {
    let config = ways.config.as_deref().unwrap_or(CONFIG);
    let test_and_reload = put_to_work(ways);
    if ways.drop_ins.is_none() && ways.version.is_some_and(|version| version < INCLUDE) {
        return format!(
            "In {config}, before its first Match (or at its end, when it has none), put these lines:\n{block}and as root \
             run:\n{test_and_reload}"
        );
    }
    let folder = ways.drop_ins.as_deref().unwrap_or(FOLDER);
    let mut text = format!("as root on the SSH server:\nmkdir -p {}\n", word(folder));
    if ways.drop_ins.is_none() {
        let _ = writeln!(text, "sed -i '1i Include {folder}/*.conf' {}", word(config));
    }
    let _ = write!(
        text,
        "cat >{}/{file} <<'END'\n{block}END\n{test_and_reload}",
        word(folder)
    );
    text
}

fn put_to_work(ways: &Ways) -> String {
    let reload = ways
        .reload
        .as_deref()
        .unwrap_or("systemctl reload ssh || systemctl reload sshd");
    match ways.config.as_deref() {
        None | Some(CONFIG) => format!("sshd -t && {reload}"),
        Some(config) => format!("sshd -t -f {} && {reload}", word(config)),
    }
}
