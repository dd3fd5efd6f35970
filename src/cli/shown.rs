//! Which flags a command's help shows: its own. Every command accepts every flag, so that a script can put the same flags
//! behind each of them.

use clap::Command;

/// On the short page of help, which fits one screen.
const USUAL: [&str; 10] = [
    "help", "version", "config", "yes", "format", "verbose", "url", "host", "region", "bastion",
];
/// The same on the page of a command, which has more room.
const USUAL_OF_A_COMMAND: [&str; 2] = ["no-input", "quiet"];

/// What only a run that makes changes uses.
const CHANGING: [&str; 4] = ["yes", "partial", "undo", "expect"];
/// What only a run that sets something up uses.
const SETTING_UP: [&str; 8] = [
    "generate-password",
    "reset-password",
    "sheet",
    "sheet-password",
    "map-sources",
    "send-password",
    "shell",
    "tunnel-only",
];
/// What `remove` has no use for, besides those.
const LOADING: [&str; 18] = [
    "region",
    "allow-cidr",
    "reader",
    "existing",
    "new",
    "schema",
    "detect-schemas",
    "include",
    "keep-readers",
    "no-keep-readers",
    "rehearse-existing",
    "prove-tunnel",
    "no-prove-tunnel",
    "key-options",
    "adopt-role",
    "adopt-user",
    "stitch-ca",
    "allow-list-json",
];
/// What a script that is written without a connection has no use for.
const RUNNING: [&str; 6] = ["format", "report", "verbose", "quiet", "timeout", "docs-url"];

/// Hides what is not a command's own, and on the short page what is not usual.
pub(super) fn in_help(mut command: Command) -> Command {
    let is_usual = |arg: &clap::Arg| arg.get_long().is_none_or(|long| USUAL.contains(&long));
    command = command.mut_args(|arg| {
        let usual = is_usual(&arg);
        arg.hide_short_help(!usual)
    });
    let all: Vec<clap::Arg> = command.get_arguments().cloned().collect();
    let names: Vec<String> = command
        .get_subcommands()
        .map(|page| page.get_name().to_owned())
        .collect();
    for name in names {
        command = command.mut_subcommand(&name, |page| {
            // clap hands a global flag down only where none of that name is there yet.
            page.args(all.iter().filter_map(|arg| {
                let long = arg.get_long().unwrap_or_default();
                if !is_shown(&name, long) {
                    return Some(arg.clone().hide(true));
                }
                let arg = match (name.as_str(), long) {
                    ("explain" | "watch" | "rotate", "format") => arg.clone().help("Output: text (default) or json"),
                    _ => arg.clone(),
                };
                let usual = USUAL_OF_A_COMMAND.contains(&long);
                usual.then(|| arg.hide_short_help(false))
            }))
        });
    }
    command
}

fn is_shown(command: &str, flag: &str) -> bool {
    match command {
        _ if flag.starts_with("loads") => command == "check",
        "setup" => flag != "new-owner",
        "plan" => !CHANGING.contains(&flag) && !matches!(flag, "new-owner" | "sheet" | "sheet-password"),
        "check" => !CHANGING.contains(&flag) && !SETTING_UP.contains(&flag) && !matches!(flag, "new-owner" | "manage"),
        "remove" => !SETTING_UP.contains(&flag) && !LOADING.contains(&flag),
        "script" => !CHANGING.contains(&flag) && !RUNNING.contains(&flag) && !matches!(flag, "new-owner" | "no-input"),
        "config" => !CHANGING.contains(&flag) && !RUNNING.contains(&flag) && !flag.starts_with("sheet"),
        "watch" => {
            let unused = [
                "report",
                "quiet",
                "verbose",
                "only",
                "skip",
                "docs-url",
                "manage",
                "new-owner",
                "password-file",
            ];
            is_shown("remove", flag) && !CHANGING.contains(&flag) && !unused.contains(&flag)
                || matches!(flag, "region" | "allow-cidr")
        }
        "rotate" => is_shown("watch", flag) || matches!(flag, "yes" | "generate-password" | "password-file"),
        "explain" => matches!(flag, "format" | "color"),
        "demo" => flag == "color",
        _ => false,
    }
}
