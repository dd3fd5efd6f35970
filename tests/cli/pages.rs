//! Help, completions, the manual page: what needs no settings.

use crate::support::{Place, Program, STITCH_PG, golden, stitch_pg};

#[test]
fn help() {
    for (name, arguments) in [
        ("help-long", &["--help"][..]),
        ("help-short", &["-h"]),
        ("help-setup", &["setup", "--help"]),
        ("help-script", &["script", "-h"]),
        ("version", &["--version"]),
    ] {
        let output = stitch_pg(Place::Here).args(arguments).run();
        assert!(output.success() && output.stderr.is_empty(), "{output:?}");
        golden::compare(&format!("cli/golden/{name}.txt"), &output.stdout);
    }
    let version = stitch_pg(Place::Here).arg("--version").run().stdout;
    assert_eq!(version, format!("stitch-pg {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_is_ascii_and_fits_80_columns() {
    for arguments in [&["--help"][..], &["-h"], &["setup", "--help"]] {
        let help = stitch_pg(Place::Here).args(arguments).env("LC_ALL", "C").run().stdout;
        assert!(help.is_ascii(), "{help}");
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    }
}

#[test]
fn usage_errors_say_what_is_known_and_exit_2() {
    for (name, arguments) in [
        ("unknown-flag", &["plan", "--hots", "x"][..]),
        ("unknown-command", &["stup"]),
        ("unknown-format", &["--format", "xml"]),
        ("flag-without-value", &["--host"]),
        ("password-as-flag", &["--password", "x"]),
    ] {
        let output = stitch_pg(Place::Here).args(arguments).run();
        assert_eq!((output.status, output.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        crate::cli::compare(name, &output);
    }
}

#[test]
fn completions_are_scripts_their_shells_take() {
    for (shell, check) in [
        ("bash", Some("bash -n")),
        ("zsh", None),
        ("fish", None),
        ("elvish", None),
    ] {
        let output = stitch_pg(Place::Here).args(["completions", shell]).run();
        assert!(output.success() && output.stderr.is_empty(), "{output:?}");
        assert!(output.stdout.contains("via-bastion"), "{shell}");
        if let Some(check) = check {
            let checked = Program::new("sh", Place::Here)
                .args(["-c", check])
                .stdin(&output.stdout)
                .run();
            assert!(checked.success() && checked.stderr.is_empty(), "{checked:?}");
        }
    }
}

/// A real bash is asked what it offers for the last word.
#[test]
fn bash_completes_commands_flags_and_values() {
    let script = stitch_pg(Place::Here).args(["completions", "bash"]).run().stdout;
    let offered = |words: &[&str]| {
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={last}; \
             _stitch__pg stitch-pg \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words = words.join(" "),
            last = words.len() - 1,
        );
        let output = Program::new("bash", Place::Here).stdin(&ask).run();
        assert!(output.success() && output.stderr.is_empty(), "{output:?}");
        output.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(offered(&["stitch-pg", "pl"]), ["plan"]);
    assert_eq!(offered(&["stitch-pg", "--ho"]), ["--host", "--host-key"]);
    assert_eq!(offered(&["stitch-pg", "plan", "--ho"]), ["--host", "--host-key"]);
    assert_eq!(offered(&["stitch-pg", "config", "ini"]), ["init"]);
    assert_eq!(
        offered(&["stitch-pg", "check", "--region", "''"]),
        ["north-america", "europe"]
    );
}

#[test]
fn short_help_fits_one_screen() {
    for arguments in [&["-h"][..], &["setup", "-h"], &["check", "-h"], &["remove", "-h"]] {
        let help = stitch_pg(Place::Here).args(arguments).run().stdout;
        assert!(help.lines().count() <= 40, "{} lines: {help}", help.lines().count());
        let has_all = ["--no-input", "--quiet"].iter().all(|flag| help.contains(flag));
        assert_eq!(has_all, arguments.len() == 2, "{help}");
    }
}

/// The help of a command shows what it uses and nothing else; the flags of others are accepted all the same.
#[test]
fn each_command_shows_its_own_flags() {
    let help = |command: &str| stitch_pg(Place::Here).args([command, "--help"]).run().stdout;
    for (command, shown, hidden) in [
        ("setup", "--generate-password", "--new-owner"),
        ("plan", "--schema", "--yes"),
        ("check", "--rehearse-existing", "--undo"),
        ("remove", "--new-owner", "--generate-password"),
        ("script", "--for", "--report"),
        ("explain", "--format", "--host"),
        ("demo", "--color", "--host"),
    ] {
        let help = help(command);
        assert!(
            help.contains(&format!("{shown} ")) || help.contains(&format!("{shown}\n")),
            "{command}: {help}"
        );
        assert!(
            !help.contains(&format!("{hidden} ")) && !help.contains(&format!("{hidden}\n")),
            "{command}: {help}"
        );
    }
    let accepted = stitch_pg(Place::Here)
        .args(["explain", "--host", "x", "connection refused"])
        .run();
    assert!(accepted.success(), "{accepted:?}");
}

#[test]
fn other_names_of_commands() {
    let usage = |command: &str| stitch_pg(Place::Here).args([command, "--help"]).run().stdout;
    for (other, command) in [
        ("doctor", "check"),
        ("verify", "check"),
        ("status", "check"),
        ("init", "setup"),
    ] {
        assert_eq!(usage(other), usage(command));
        assert!(usage(command).contains(&format!("stitch-pg {command}")));
    }
}

/// The page and those it refers to: each is there, and where there is a formatter it has nothing to complain about.
#[test]
fn the_manual_pages_render() {
    let page = |arguments: &[&str]| {
        let output = stitch_pg(Place::Here).arg("man").args(arguments).run();
        assert!(output.success() && output.stdout.starts_with(".ie"), "{output:?}");
        let formatter = Program::new("sh", Place::Here)
            .args(["-c", "if command -v groff >/dev/null; then groff -man -Tascii -ww; fi"])
            .stdin(&output.stdout)
            .run();
        assert!(formatter.success() && formatter.stderr.is_empty(), "{formatter:?}");
        let lint = Program::new("mandoc", Place::Here)
            .args(["-T", "lint"])
            .stdin(&output.stdout)
            .run();
        assert!(lint.success() && lint.stdout.is_empty(), "{lint:?}");
        output.stdout
    };
    let main = page(&[]);
    let commands: Vec<_> = main
        .lines()
        .filter_map(|line| line.strip_prefix("stitch\\-pg\\-")?.strip_suffix("(1)"))
        .collect();
    assert!(
        commands.contains(&"setup") && !commands.contains(&"help"),
        "{commands:?}"
    );
    for command in commands {
        let text = page(&[command]);
        assert!(
            text.contains(&format!(".TH STITCH-PG-{} 1", command.to_uppercase())),
            "{text}"
        );
    }
}

/// As a user who is not root: what root installs is for the whole machine.
#[test]
fn completions_and_manual_pages_are_installed_over_nothing_of_yours() {
    let script = r#"
        home=$(mktemp -d); trap 'rm -rf "$home"' EXIT; export HOME=$home
        install -m 755 "$1" "$home/stitch-pg"; as=
        if [ "$(id -u)" = 0 ]; then chown nobody "$home"; as="setpriv --reuid nobody --regid nogroup --clear-groups"; fi
        run() { $as "$home/stitch-pg" "$@"; }
        run completions bash --install; run completions zsh --install; run completions fish --install
        run man --install | tail -n 1
        bash -n "$home/.local/share/bash-completion/completions/stitch-pg"
        test -s "$home/.local/share/man/man1/stitch-pg-check.1"
        run completions fish --install >/dev/null
        $as sh -c 'echo mine >"$HOME/.config/fish/completions/stitch-pg.fish"'
        run completions fish --install 2>&1 || echo "status $?"
        cat "$home/.config/fish/completions/stitch-pg.fish"
        run completions elvish --install 2>&1 || echo "status $?""#;
    let output = Program::new("bash", Place::Here)
        .args(["-euc", script, "bash", STITCH_PG])
        .run();
    assert!(output.success(), "{output:?}");
    for part in [
        "/.local/share/bash-completion/completions/stitch-pg is written\nNext: ",
        "/.local/share/zsh/site-functions/_stitch-pg is written\n",
        "Next: man stitch-pg\n",
        "there is another file of that name, which was not changed\nstatus 1\nmine\n",
        "--install knows bash, zsh and fish\n",
    ] {
        assert!(output.stdout.contains(part), "{part}: {output:?}");
    }
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    for command in ["completions bash", "man", "--help", "script --region europe --for dba"] {
        // The status is that of the program, not of head.
        let words = format!("{{ {STITCH_PG} {command}; echo $? >&2; }} | head -c 1 >/dev/null");
        let output = Program::new("bash", Place::Here).args(["-c", &words]).run();
        assert_eq!(output.stderr, "0\n", "{command}");
    }
}

#[test]
fn a_closed_or_full_standard_output_ends_the_program_in_order() {
    let closed = Program::new("sh", Place::Here)
        .args(["-c", &format!("{STITCH_PG} man >&-")])
        .run();
    assert_eq!((closed.status, closed.stderr.as_str()), (Some(0), ""));
    let full = Program::new("sh", Place::Here)
        .args(["-c", &format!("{STITCH_PG} man >/dev/full")])
        .run();
    assert_eq!(
        (full.status, full.stderr.as_str()),
        (Some(1), "stitch-pg: No space left on device (os error 28)\n")
    );
}
