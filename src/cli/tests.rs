use super::*;
use crate::settings::SettingId;

fn invocation(arguments: &[&str]) -> Invocation {
    let words = std::iter::once(&"stitch-pg").chain(arguments).map(OsString::from);
    parse_from(words).unwrap()
}

fn refused(arguments: &[&str]) -> clap::Error {
    let words = std::iter::once(&"stitch-pg").chain(arguments).map(OsString::from);
    parse_from(words).unwrap_err()
}

#[test]
fn clap_finds_nothing_wrong_with_it() {
    command().debug_assert();
}

#[test]
fn every_setting_has_its_flag() {
    let command = command();
    for id in SettingId::ALL {
        if let Some(flag) = id.flag() {
            let long = flag.trim_start_matches('-');
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(long));
            assert!(arg.is_some_and(clap::Arg::is_global_set), "{flag}");
        }
    }
}

#[test]
fn flags_stand_before_and_after_the_command() {
    for arguments in [["--host", "h", "plan"], ["plan", "--host", "h"]] {
        let found = invocation(&arguments);
        assert_eq!(found.command, Command::Plan);
        assert_eq!(found.flags.text(SettingId::Host), Some("h"));
    }
    for flag in ["--admin-user", "--user", "--username"] {
        let found = invocation(&["plan", flag, "ann"]);
        assert_eq!(found.flags.text(SettingId::AdminUser), Some("ann"));
    }
    assert_eq!(invocation(&[]).command, Command::Setup);
    assert!(invocation(&["-y", "setup", "--no-input"]).run.yes);
}

#[test]
fn values_stay_raw() {
    let found = invocation(&[
        "--port", "many", "--region", "asia", "--schema", "a,b", "--schema", "c", "--no-ssl",
    ]);
    assert_eq!(found.flags.text(SettingId::Port), Some("many"));
    assert_eq!(found.flags.given(SettingId::Schemas).unwrap().texts(), ["a,b", "c"]);
    assert_eq!(found.flags.text(SettingId::NoSsl), Some("true"));
    assert!(!found.flags.has(SettingId::Ssl));
    assert_eq!(
        invocation(&["--public-key-file", "-"])
            .flags
            .text(SettingId::PublicKeyFile),
        Some("-")
    );
}

#[test]
fn usage_errors_exit_with_2() {
    for arguments in [
        &["--nonsense"][..],
        &["dance"],
        &["--format", "xml"],
        &["--host"],
        &["--password", "x"],
    ] {
        assert_eq!(refused(arguments).exit_code(), 2, "{arguments:?}");
    }
    assert_eq!(refused(&["--version"]).exit_code(), 0);
}

#[test]
fn help_fits_80_columns() {
    for help in ["-h", "--help"] {
        for line in refused(&[help]).to_string().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    let help = refused(&["--help"]).to_string();
    assert!(help.contains("[env: PGHOST] [file: admin.host]"), "{help}");
}

#[test]
fn pages_are_written() {
    assert!(man_page(None).unwrap().contains("stitch-pg"));
    assert!(completions(clap_complete::Shell::Bash).contains("stitch-pg"));
    assert!(flags_markdown().contains("| `--port PORT` | `PGPORT` | `admin.port` | 5432 | Port of the server |"));
}
