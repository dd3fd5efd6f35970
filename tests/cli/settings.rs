//! Settings on the real binary: which source wins, and what is reported about invalid ones.

use std::fs;

use crate::cli::compare;
use crate::support::{Place, Program, stitch_pg};

fn here() -> Program {
    stitch_pg(Place::Here)
}

/// The program with this settings file.
fn with_file(text: &str) -> Program {
    let program = here();
    fs::write(program.home().join("stitch-pg.toml"), text).unwrap();
    program
}

#[test]
fn all_that_is_missing_or_malformed_is_said_at_once() {
    let program = here()
        .env("PGPORT", "many")
        .env("STITCH_PG_REGION", "asia")
        .env("DATABASE_URL", "postgres://me:hunter2@h/db")
        .args([
            "check",
            "--role",
            "pg_x",
            "--database",
            "",
            "--sslmode",
            "perhaps",
            "--timeout",
            "soon",
        ])
        .args([
            "--allow-cidr",
            "10.0.0.0/33",
            "--only",
            "databse",
            "--schema",
            "pg_catalog",
            "--include",
            "tables",
        ])
        .args([
            "--bastion",
            "me@:22",
            "--tunnel-user",
            "Root Root",
            "--public-key",
            "ssh-rsa AAAA",
        ])
        .args([
            "--stitch-port",
            "0",
            "--host-key",
            "MD5:aa",
            "--lock-timeout",
            "soon",
            "--ssl",
            "--no-ssl",
        ]);
    let output = program.run();
    assert_eq!((output.status, output.stdout.as_str()), (Some(2), ""));
    assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
    compare("settings-all", &output);
}

#[test]
fn each_malformed_setting_has_its_message() {
    let cases: [(&str, &str); 26] = [
        ("--url", "mysql://h"),
        ("--url", "postgres://me:hunter2@h/db"),
        ("--host", "a b"),
        ("--host", ""),
        ("--port", "65536"),
        ("--port", "-1"),
        ("--admin-user", "x\ny"),
        ("--admin-database", "é".repeat(32).leak()),
        ("--sslmode", "on"),
        ("--database", "x".repeat(64).leak()),
        ("--database", " x"),
        ("--role", "pg_stitch"),
        ("--role", "a\tb"),
        ("--region", "mars"),
        ("--allow-cidr", "1.2.3.4/40"),
        ("--allow-cidr", "1.2.3.4/8"),
        ("--stitch-host", "/tmp"),
        ("--stitch-port", "x"),
        ("--schema", ""),
        ("--include", "tables"),
        ("--lock-timeout", "fast"),
        ("--bastion", "me@"),
        ("--tunnel-user", "x; rm -rf /"),
        ("--public-key", "-----BEGIN OPENSSH PRIVATE KEY-----"),
        ("--only", "data"),
        ("--timeout", "0"),
    ];
    let mut all = String::new();
    for (flag, value) in cases {
        let mut program = here().args(["check", "--region", "europe", "--host", "h", "--admin-user", "me"]);
        if ["--region", "--host", "--admin-user"].contains(&flag) {
            program = here().args(["check", "--skip", "allowlist"]);
        }
        if ["--tunnel-user", "--public-key"].contains(&flag) {
            program = program.args(["--bastion", "local"]);
        }
        let output = program
            .env("STITCH_PG_PASSWORD", "pw")
            .arg(format!("{flag}={value}"))
            .run();
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (Some(2), ""),
            "{flag} {value:?}: {output:?}"
        );
        all = format!("{all}{flag} {value:?}\n{}\n", output.stderr);
    }
    crate::cli::golden::compare("cli/golden/settings-each.txt", &all);
}

#[test]
fn malformed_files_are_told_with_line_and_column() {
    for (name, text) in [
        ("file-syntax", "[admin]\nhost = \"db\nport = 5432\n"),
        ("file-key", "[admin]\nhots = \"db\"\n"),
        ("file-section", "[admn]\nhost = \"db\"\n"),
        (
            "file-type",
            "[admin]\nport = true\n[stitch]\nssl = \"perhaps\"\ndatabase = 5\n",
        ),
        ("file-secret", "[stitch]\npassword = \"hunter2\"\n"),
        ("file-twice", "[admin]\nport = 1\nport = 2\n"),
    ] {
        let output = with_file(text).arg("plan").run();
        assert_eq!((output.status, output.stdout.as_str()), (Some(2), ""), "{output:?}");
        assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
        compare(name, &output);
    }
}

#[test]
fn a_file_that_was_named_and_is_not_there() {
    compare("file-absent", &here().args(["plan", "--config", "nowhere.toml"]).run());
}

#[test]
fn flag_before_environment_before_file_before_default() {
    let file = "[stitch]\nregion = \"europe\"\ndatabase = \"of_file\"\n[admin]\nhost = \"db\"\nuser = \"me\"\n";
    let script = |program: Program| program.args(["script", "--for", "dba"]).run().stdout;
    let without = here().args(["--region", "europe", "--host", "db", "--admin-user", "me"]);
    assert!(script(without).contains("CREATE DATABASE \"stitch\""));
    assert!(script(with_file(file)).contains("CREATE DATABASE \"of_file\""));
    let environment = with_file(file).env("STITCH_PG_DATABASE", "of_env");
    assert!(script(environment).contains("CREATE DATABASE \"of_env\""));
    let flag = with_file(file)
        .env("STITCH_PG_DATABASE", "of_env")
        .args(["--database", "of_flag"]);
    assert!(script(flag).contains("CREATE DATABASE \"of_flag\""));
    let empty = with_file(file).env("STITCH_PG_DATABASE", "");
    assert!(
        script(empty).contains("CREATE DATABASE \"of_file\""),
        "an empty variable is not given"
    );
}

#[test]
fn unknown_steps_are_told_with_the_known_ones() {
    let output = here()
        .args(["plan", "--only", "databse,role", "--region", "europe"])
        .run();
    compare("unknown-step", &output);
}
