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
        crate::compare(name, &output);
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

/// The page and those it refers to: each is there, and where there is a formatter it has nothing to complain about.
#[test]
fn the_manual_pages_render() {
    let page = |arguments: &[&str]| {
        let output = stitch_pg(Place::Here).arg("man").args(arguments).run();
        assert!(output.success() && output.stdout.starts_with(".ie"), "{output:?}");
        let formatter = Program::new("sh", Place::Here)
            .args([
                "-c",
                "command -v groff >/dev/null || exit 0; exec groff -man -Tascii -ww",
            ])
            .stdin(&output.stdout)
            .run();
        assert!(formatter.success() && formatter.stderr.is_empty(), "{formatter:?}");
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
        assert!(text.contains(&format!(".TH stitch-pg-{command} 1")), "{text}");
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
