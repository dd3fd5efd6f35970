//! The frame that all scripts share, and the quoting of words for a shell.

use crate::names::LinuxUser;
pub(crate) use crate::shell_word::quoted;
pub use crate::shell_word::word;
use crate::statement::Statement;

/// The last line a script prints. Without it the script did not reach its end, whatever its exit status says: a
/// command that was killed by a signal ends with status 0 as libssh2 tells it.
pub(crate) const DONE: &str = "stitch-pg: done";

/// The first line. What stands before it is somebody else's: a banner, a start-up file, a command that was run instead.
pub(crate) const BEGUN: &str = "stitch-pg: begun";

/// A script as it is sent. Where a start-up file has eaten the first line, nothing is run.
pub(crate) fn marked(script: &str) -> String {
    format!("stitch_pg=begun; echo '{BEGUN}'\n[ -n \"${{stitch_pg-}}\" ] || exit 96\n{script}")
}

/// The regular expression (of `grep`) that finds the user's or group's line in `/etc/passwd` and the like, as one word.
pub(super) fn line_of(user: &LinuxUser) -> String {
    quoted(&format!("^{}:", user.as_str().replace('.', "[.]")))
}

/// A script of `scripts`, in the frame that all of them share.
pub(super) fn script(purpose: &str, settings: &[(&str, &str)], template: &str) -> Statement {
    framed(purpose, settings, &expanded(template))
}

/// Puts a body into the frame. The braces make the shell read everything before it runs anything, so that a connection
/// cut in the middle runs nothing; no command in them can eat the rest of the script.
pub(super) fn framed(purpose: &str, settings: &[(&str, &str)], body: &str) -> Statement {
    let set = assignments(settings);
    Statement::plain(format!(
        "# {purpose}\nset -euf\nexport LC_ALL=C PATH=\"$PATH:/usr/local/sbin:/usr/sbin:/sbin\"\n{{\n{set}{body}}} </dev/null\n\
         echo {}\n",
        quoted(DONE)
    ))
}

/// A line for each name and its value.
pub(super) fn assignments(settings: &[(&str, &str)]) -> String {
    let lines = settings
        .iter()
        .map(|(name, value)| format!("{name}={}\n", quoted(value)));
    lines.collect()
}

/// A template with its parts in their places: a line `. NAME` stands for the part of that name. What stands behind the name
/// is put in for FOLDER and BUSY. Lines that begin with `#:` are for those who read the template. Only text of our own is
/// expanded; values go in afterwards.
pub(super) fn expanded(template: &str) -> String {
    let mut text = String::new();
    for line in template.lines().filter(|line| !line.starts_with("#:")) {
        let words = line.strip_prefix(". ").unwrap_or_default();
        let (name, values) = words.split_once(' ').unwrap_or((words, ""));
        if let Some(part) = part(name) {
            let (folder, busy) = values.split_once(' ').unwrap_or_default();
            let part = expanded(part).replace("FOLDER", folder);
            text.push_str(&part.replace("BUSY", busy.trim_matches('"')));
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// What several scripts have in common, and what is too long to stand in the middle of one.
pub(super) fn part(name: &str) -> Option<&'static str> {
    Some(match name {
        "fail" => include_str!("scripts/fail.sh"),
        "has" => include_str!("scripts/has.sh"),
        "look_up" => include_str!("scripts/look_up.sh"),
        "look_up_home" => include_str!("scripts/look_up_home.sh"),
        "one_at_a_time" => include_str!("scripts/one_at_a_time.sh"),
        "only_roots" => include_str!("scripts/only_roots.sh"),
        "worker" => include_str!("scripts/worker.sh"),
        "home" => include_str!("scripts/home.sh"),
        "inside" => include_str!("scripts/inside.sh"),
        "enter" => include_str!("scripts/enter.sh"),
        "nologin" => include_str!("scripts/nologin.sh"),
        "make_home" => include_str!("scripts/make_home.sh"),
        "clear_home" => include_str!("scripts/clear_home.sh"),
        "leftovers" => include_str!("scripts/leftovers.sh"),
        "make_file" => include_str!("scripts/make_file.sh"),
        "find_file" => include_str!("scripts/find_file.sh"),
        "keep_tight" => include_str!("scripts/keep_tight.sh"),
        "rewrite" => include_str!("scripts/rewrite.sh"),
        "same_modes" => include_str!("scripts/same_modes.sh"),
        "write" => include_str!("scripts/write.sh"),
        "key_modes" => include_str!("scripts/key_modes.sh"),
        "replace_keys" => include_str!("scripts/replace_keys.sh"),
        "close_file" => include_str!("scripts/close_file.sh"),
        "label" => include_str!("scripts/label.sh"),
        "same_options" => include_str!("scripts/same_options.sh"),
        "put_back" => include_str!("scripts/put_back.sh"),
        "modes_back" => include_str!("scripts/modes_back.sh"),
        "say" => include_str!("scripts/say.sh"),
        "read_keys" => include_str!("scripts/read_keys.sh"),
        "sshd_running" => include_str!("scripts/sshd_running.sh"),
        "sshd_program" => include_str!("scripts/sshd_program.sh"),
        "sshd_reload" => include_str!("scripts/sshd_reload.sh"),
        "inspect_server" => include_str!("scripts/inspect_server.sh"),
        "as_owner" => include_str!("scripts/as_owner.sh"),
        "who_can_write" => include_str!("scripts/who_can_write.sh"),
        "follow" => include_str!("scripts/follow.sh"),
        "sum" => include_str!("scripts/sum.sh"),
        "open_hba" => include_str!("scripts/open_hba.sh"),
        "replace" => include_str!("scripts/replace.sh"),
        "inspect_hba" => include_str!("scripts/inspect_hba.sh"),
        "find_server" => include_str!("scripts/find_server.sh"),
        _ => return None,
    })
}
