//! A change of sshd's configuration that root makes by hand: a file of our own, the command that tests it before sshd reads
//! it, and the command that undoes it. sshd uses the first `Match` block that fits, so it must read this file before all
//! others. Nothing else is switched on: where the configuration does not read the folder for such files, the added `Include`
//! names this one file, since other files in the folder may be inactive on purpose.

use std::fmt::Write as _;

use crate::shell::{quoted, word};
use crate::steps::ssh_user::facts::Ways;

const CONFIG: &str = "/etc/ssh/sshd_config";
/// Sorts before what else is in the folder; the inspection script skips folders where it does not. The user and the first
/// keyword follow, so that the same fix has the same file, and no other has it.
const PREFIX: &str = "00-stitch-pg-";
/// Since this version sshd knows `Include`.
const INCLUDE: (u32, u32) = (8, 2);
const AS_ROOT: &str = "as root on the SSH server:";
/// What is printed when the file was removed again.
const REFUSED: &str = "echo 'sshd refuses this configuration, so nothing was changed' >&2; false";

/// Lines for one user.
pub(super) fn for_user(user: &str, lines: &[&str], ways: &Ways) -> String {
    let block = format!("Match User {user}\n    {}\n", lines.join("\n    "));
    let keyword = keyword(lines.first().copied().unwrap_or_default());
    let config = ways.config.as_deref().unwrap_or(CONFIG);
    if ways.drop_ins.is_none() && ways.version.is_some_and(|version| version < INCLUDE) {
        let put_to_work = if_tested(config, &reload(ways));
        return format!(
            "In {config}, before its first Match (or at its end, when it has none), put these lines:\n{block}Match all\n\
             and as root run:\n{put_to_work}"
        );
    }
    format!("{AS_ROOT}\n{}", included(&format!("{user}-{keyword}"), &block, ways))
}

/// One more address to listen on, beside those that are set: the one by which this machine would answer Stitch.
pub(super) fn listening(stitch: &str, ports: &[u16], ways: &Ways) -> String {
    let lines: Vec<String> = ports.iter().map(|port| format!("ListenAddress $a:{port}\n")).collect();
    let config = ways.config.as_deref().unwrap_or(CONFIG);
    if ways.drop_ins.is_none() && ways.version.is_some_and(|version| version < INCLUDE) {
        return format!(
            "In {config}, beside the present ListenAddress, add a ListenAddress with the address that Stitch connects to, and as root run:\n{}",
            if_tested(config, &reload(ways))
        );
    }
    let script = included("listenaddress", &lines.concat(), ways).replace("<<'END'", "<<END");
    format!(
        "{AS_ROOT}\na=$(ip -4 route get {stitch} | sed -n 's/.* src \\([0-9.]*\\).*/\\1/p')\n\
         if [ -n \"$a\" ]; then\n{script}\nelse\necho 'no route to {stitch}: write the address of this machine instead of $a' >&2; false\nfi"
    )
}

/// What stands in a keyword's place in the files that set it. For one of which sshd takes not the first but the last.
pub(super) fn in_place(keyword: &str, before: &str, value: &str, ways: &Ways) -> String {
    let config = ways.config.as_deref().unwrap_or(CONFIG);
    let put_to_work = reload(ways);
    if ways.startups_in.is_empty() {
        return format!(
            "Where sshd's configuration ({config} and what it includes, or its command line) sets {keyword}, write {keyword} {value}, \
             and as root run:\n{}",
            if_tested(config, &put_to_work)
        );
    }
    let mut text = AS_ROOT.to_owned();
    let mut back = String::new();
    let mut done = String::new();
    for file in &ways.startups_in {
        let (file, kept) = (word(file), word(&format!("{file}.stitch-pg-old")));
        let _ = write!(
            text,
            "\ncp -p {file} {kept}\nsed -i 's/^\\([[:space:]]*{keyword}[[:space:]=][[:space:]]*\\)[0-9:]*/\\1{value}/I' \
             \"$(readlink -f {file})\""
        );
        let _ = write!(back, "cp -p {kept} {file}; rm -f {kept}; ");
        let _ = write!(done, "rm -f {kept}; ");
    }
    let _ = write!(
        text,
        "\nif {}; then {done}{put_to_work}; else {back}{REFUSED}; fi\n# to undo it: write {keyword} {before} there again, then: {put_to_work}",
        test(config)
    );
    text
}

/// The file, tested where sshd will find it, and taken out again when sshd refuses it.
fn included(name: &str, block: &str, ways: &Ways) -> String {
    let config = ways.config.as_deref().unwrap_or(CONFIG);
    let reload = reload(ways);
    let write = |file: &str, before: &str| format!("{before}cat >{file} <<'END'\n{block}END\n");
    if let Some(folder) = &ways.drop_ins {
        let file = word(&format!("{folder}/{PREFIX}{name}.conf"));
        return format!(
            "{}if {}; then {reload}; else rm -f {file}; {REFUSED}; fi\n# to undo it: rm {file}; {reload}",
            write(&file, &format!("mkdir -p {}\n", word(folder))),
            test(config),
        );
    }
    let folder = config.rsplit_once('/').map_or("/etc/ssh", |(folder, _)| folder);
    let include = format!("Include {folder}/stitch-pg-{name}.conf");
    let file = word(&format!("{folder}/stitch-pg-{name}.conf"));
    // A link stays a link, and the copy has the owner and mode of what it replaces.
    let config = word(config);
    let line = quoted(&include);
    let without = format!("{{ grep -vxF {line} \"$c\" || [ $? = 1 ]; }}");
    format!(
        "c=$(readlink -f {config}); n=$c.stitch-pg-new\n{}\
         if cp -p \"$c\" \"$n\" && {{ echo {line} && {without}; }} >\"$n\" && sshd -t -f \"$n\" && mv \"$n\" \"$c\"; then\n\
         {reload}; else rm -f \"$n\" {file}; {REFUSED}; fi\n\
         # to undo it: c=$(readlink -f {config}); n=$c.stitch-pg-new; cp -p \"$c\" \"$n\" && {without} >\"$n\" && mv \"$n\" \"$c\" && \
         rm {file}; {reload}",
        write(&file, ""),
    )
}

fn keyword(line: &str) -> String {
    line.split(' ').next().unwrap_or_default().to_ascii_lowercase()
}

fn if_tested(config: &str, reload: &str) -> String {
    format!("if {}; then {reload}; fi", test(config))
}

fn test(config: &str) -> String {
    match config {
        CONFIG => "sshd -t".to_owned(),
        other => format!("sshd -t -f {}", word(other)),
    }
}

fn reload(ways: &Ways) -> String {
    let known = ways.reload.clone();
    known.unwrap_or_else(|| "systemctl reload ssh || systemctl reload sshd".to_owned())
}
