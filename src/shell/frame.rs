//! The frame that all scripts share, and the quoting of words for a shell.

use std::net::IpAddr;

use crate::names::LinuxUser;
pub(crate) use crate::shell_word::quoted;
pub use crate::shell_word::word;
use crate::statement::Statement;

/// The last line a script prints. Without it the script did not reach its end, whatever its exit status says: a
/// command that was killed by a signal ends with status 0 as libssh2 reports it.
pub(crate) const DONE: &str = "stitch-pg: done";

/// The first line. What stands before it is not ours: a banner, a start-up file, a command that was run instead.
pub(crate) const BEGUN: &str = "stitch-pg: begun";

/// A script as it is sent. Where a start-up file has eaten the first line, nothing is run.
pub(crate) fn marked(script: &str) -> String {
    format!("stitch_pg=begun; echo '{BEGUN}'\n[ -n \"${{stitch_pg-}}\" ] || exit 96\n{script}")
}

/// Whether the machine was checked before a script is written for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It does what was seen to be needed, and fails where it meets something else.
    Seen,
    /// An administrator runs it later: what is tight enough by then stays, and what is not its own is skipped.
    Unseen,
}

/// What a script reports in a line `name=value`.
pub(crate) fn value<'a>(printed: &'a str, name: &str) -> Option<&'a str> {
    printed
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

/// The regular expression (of `grep`) that finds the user's or group's line in `/etc/passwd` and the like, as one word.
pub(super) fn line_of(user: &LinuxUser) -> String {
    quoted(&format!("^{}:", user.as_str().replace('.', "[.]")))
}

/// Addresses as the words of a list.
pub(super) fn spaced(addresses: &[IpAddr]) -> String {
    let words: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    words.join(" ")
}

/// A script of `scripts`, in the frame that all of them share.
pub(super) fn script(purpose: &str, settings: &[(&str, &str)], template: &str) -> Statement {
    framed(purpose, settings, &expanded(template))
}

/// A script that needs to know the user and nothing else.
pub(super) fn about(user: &LinuxUser, purpose: &str, template: &str) -> Statement {
    script(purpose, &[("user", user.as_str())], template)
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
    let line = |(name, value): &(&str, &str)| format!("{name}={}\n", quoted(value));
    settings.iter().map(line).collect()
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
    macro_rules! text_of {
        ($($part:literal)*) => {
            match name {
                $($part => Some(include_str!(concat!("scripts/", $part, ".sh"))),)*
                _ => None,
            }
        };
    }
    text_of! {
        "bounded" "fail" "has" "look_up" "look_up_home" "one_at_a_time" "only_roots" "led_by_root" "worker" "home" "inside" "enter"
        "nologin" "make_home" "clear_home" "leftovers" "make_file" "find_file" "keep_tight" "rewrite" "same_modes"
        "write" "key_modes" "replace_keys" "close_file" "label" "same_options" "put_back" "modes_back" "say"
        "read_keys" "sshd_running" "sshd_program" "sshd_reload" "sshd_settings" "inspect_server" "inspect_pam" "as_owner" "who_can_write" "follow"
        "sum" "open_hba" "replace" "inspect_hba" "find_server"
    }
}
