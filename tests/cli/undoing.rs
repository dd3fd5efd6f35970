//! `--undo FILE`: a script that undoes what was changed, and that no other user can read.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::cli::{golden, in_ci, server};
use crate::support::Program;

#[test]
fn the_undo_file_takes_everything_back_but_the_database() {
    let Some(server) = server() else {
        return;
    };
    server.psql("create database stitch");
    // From the first grant on, the database's default rights are written out, and stay so: they are here before.
    server.psql("grant create on database stitch to postgres");
    let before = server.dump();
    let run = in_ci(&server).args(["setup", "--yes", "--undo", "undo.sh"]);
    let output = run.run();
    assert_ne!(server.dump(), before, "{}", output.stdout);
    let file = run.home().join("undo.sh");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("a password") && !text.contains("SCRAM"), "{text}");
    golden::compare("cli/golden/undo.txt", &without_process_id(&text));

    let undone = Program::new("sh", &server)
        .arg("undo.sh")
        .env("PGPASSWORD", crate::support::postgres::POSTGRES_PASSWORD)
        .run();
    assert!(undone.success() && undone.stderr.is_empty(), "{undone:?}");
    assert_eq!(server.dump(), before);
}

/// What was asked of the administrator's login is asked of psql's as well.
#[test]
fn the_undo_file_asks_no_less_of_the_login() {
    let Some(server) = server() else {
        return;
    };
    let asked = [
        ("PGREQUIREAUTH", "scram-sha-256"),
        ("PGTARGETSESSIONATTRS", "primary"),
        ("PGSSLMINPROTOCOLVERSION", "TLSv1.3"),
    ];
    let run = in_ci(&server).args(["setup", "--yes", "--undo", "undo.sh"]);
    let run = asked.iter().fold(run, |run, (name, value)| run.env(name, *value));
    let output = run.run();
    let text = fs::read_to_string(run.home().join("undo.sh")).unwrap();
    let psql: Vec<&str> = text.lines().filter(|line| line.contains("psql -X")).collect();
    assert!(!psql.is_empty(), "{output:?}");
    for line in psql {
        for (name, value) in asked {
            assert!(line.contains(&format!("{name}={value} ")), "{line}");
        }
    }
    let undone = Program::new("sh", &server)
        .arg("undo.sh")
        .env("PGPASSWORD", crate::support::postgres::POSTGRES_PASSWORD)
        .run();
    assert!(undone.success() && undone.stderr.is_empty(), "{undone:?}");
    assert_eq!(
        server.psql("select count(*) from pg_roles where rolname = 'stitch'"),
        "0"
    );
}

#[test]
fn undo_and_setup_again_are_appended() {
    let Some(server) = server() else {
        return;
    };
    let run = in_ci(&server).args(["setup", "--yes", "--undo", "undo.sh"]);
    run.run();
    let file = run.home().join("undo.sh");
    let first = fs::read_to_string(&file).unwrap();
    run.run();
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        first,
        "nothing was changed, so nothing is added"
    );
    server.psql("revoke create on database stitch from stitch");
    run.run();
    let last = fs::read_to_string(&file).unwrap();
    assert!(last.starts_with(&first) && last.len() > first.len(), "{last}");
}

/// Functions are named after the process that wrote them.
fn without_process_id(text: &str) -> String {
    let id: String = text
        .split("undo_")
        .nth(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect())
        .unwrap_or_default();
    if id.is_empty() {
        text.to_owned()
    } else {
        text.replace(&id, "PID")
    }
}
