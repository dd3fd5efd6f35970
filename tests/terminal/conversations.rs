//! Whole conversations in which something goes wrong, or is not as usual: each ends in the same run.

use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::{Terminal, world};
use crate::terminal::amounts::Scene;
use crate::terminal::{DECIDE, TABLE, decline_to_watch, screen, server, wizard};

/// Region, table, no saving; then yes to each change.
fn go_on(terminal: &mut Terminal, changes: usize) {
    terminal.expect("  Europe\n");
    terminal.send("\u{1b}[B\r");
    terminal.expect(TABLE);
    terminal.send_line("d");
    for _ in 0..changes {
        terminal.expect(DECIDE);
        terminal.send_line("y");
    }
    decline_to_watch(terminal);
}

#[test]
fn what_was_typed_wrongly_is_asked_again() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    let mut terminal = scene.terminal(&["--sslmode", "verify-full"]);
    for (question, answer) in [
        ("PostgreSQL server [localhost]: ", "no-such-name.example.com"),
        ("Admin user [", "postgres"),
        ("PostgreSQL server [no-such-name.example.com]: ", "db.example.com:1"),
        ("PostgreSQL server [db.example.com:1]: ", "db.example.com:5432"),
    ] {
        terminal.expect(question);
        terminal.send_line(answer);
    }
    terminal.expect("Name the file with the CA certificate");
    terminal.send("\r");
    terminal.expect("File with the CA certificate (PEM): ");
    terminal.send_line("nowhere.pem");
    terminal.expect("  ! ");
    terminal.send_line("ca.pem");
    terminal.expect("Password of postgres on ");
    terminal.send_line("wrong");
    terminal.expect("refused the password of \"postgres\"");
    terminal.expect("Admin password: ");
    terminal.send_line(POSTGRES_PASSWORD);
    terminal.expect("Connected: PostgreSQL");
    go_on(&mut terminal, 2);
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
}

#[test]
fn a_certificate_can_be_accepted_by_name() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    let mut terminal = scene.terminal(&["--sslmode", "verify-full", "--admin-user", "postgres"]);
    terminal.expect("PostgreSQL server [localhost]: ");
    terminal.send_line("db.example.com");
    terminal.expect("Connect to db.example.com without checking its certificate");
    terminal.send("\u{1b}[B\r");
    terminal.expect("Password of postgres on ");
    terminal.send_line(POSTGRES_PASSWORD);
    terminal.expect("Connected: PostgreSQL");
    terminal.send_ctrl_c();
    assert_eq!(terminal.wait_exit(), 130);
}

#[test]
fn a_pasted_url_is_taken_apart_and_its_password_is_not_shown() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    let mut terminal = scene.terminal(&[]);
    terminal.expect("PostgreSQL server [localhost]: ");
    terminal.send_line(&format!(
        "postgres://postgres:{POSTGRES_PASSWORD}@db.example.com/postgres"
    ));
    terminal.expect("Connected: PostgreSQL");
    go_on(&mut terminal, 2);
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
    let seen = screen::drawn(terminal.raw(), 80);
    assert!(
        seen.contains("postgres://postgres:***@db.example.com/postgres"),
        "{seen}"
    );
    assert!(!seen.contains(&format!(":{POSTGRES_PASSWORD}@")), "{seen}");
}

#[test]
fn an_existing_role_is_asked_for_its_password_or_gets_a_new_one() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    scene
        .server
        .psql("create role stitch login password 'old'; create database stitch");
    for (keys, password) in [("\r", Some("old")), ("\u{1b}[B\r", None)] {
        let mut terminal = scene.terminal(&["--host", "db.example.com", "--admin-user", "postgres"]);
        terminal.expect("Password of postgres on ");
        terminal.send_line(POSTGRES_PASSWORD);
        terminal.expect("  Europe\n");
        terminal.send("\u{1b}[B\r");
        terminal.expect("  Use another role\n");
        terminal.send(keys);
        if let Some(password) = password {
            terminal.expect("Password of the Stitch role: Type it\n");
            terminal.expect("Password of the Stitch role: ");
            terminal.send_line(password);
        }
        terminal.expect(TABLE);
        terminal.send_line("d");
        terminal.expect(DECIDE);
        terminal.send_line("y");
        decline_to_watch(&mut terminal);
        assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
    }
    assert!(scene.server.try_psql_as("stitch", "old", "stitch", "select 1").is_err());
    let kept = world.sh("cat /run/world/home/stitch.pw");
    let login = scene
        .server
        .try_psql_as("stitch", kept.trim_end(), "stitch", "select 1");
    assert_eq!(login, Ok("1".to_owned()));
}

#[test]
fn all_approves_what_was_shown_before() {
    let Some(server) = server() else { return };
    let mut terminal = wizard(&server).terminal(80, 24);
    crate::terminal::accept_settings(&mut terminal);
    terminal.expect(DECIDE);
    terminal.send_line("a");
    decline_to_watch(&mut terminal);
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
    assert_eq!(
        terminal.transcript().matches(DECIDE).count(),
        1,
        "{}",
        terminal.transcript()
    );
    assert_eq!(
        server.psql("select count(*) from pg_roles where rolname = 'stitch'"),
        "1"
    );
}

#[test]
fn an_admin_without_createdb_is_told_before_the_first_change_and_can_write_files() {
    let Some(server) = server() else { return };
    server.psql("alter role dba nocreatedb");
    let mut terminal = wizard(&server)
        .env("PGUSER", "dba")
        .env("PGPASSWORD", DBA_PASSWORD)
        .terminal(80, 24);
    terminal.expect("may create roles, but no");
    terminal.expect("  Europe\n");
    terminal.send("\u{1b}[B\r");
    terminal.expect("Public name of the server: ");
    terminal.send_line("");
    terminal.expect(TABLE);
    terminal.send_line("w");
    terminal.expect("./stitch-pg-dba.sql is written");
    terminal.expect(TABLE);
    terminal.send_line("s");
    terminal.expect("CREATE DATABASE");
    terminal.expect(TABLE);
    terminal.send_line("d");
    let before = terminal.expect("Nothing has changed yet.");
    assert!(
        before.contains("2/7 database: 1 problem") && before.contains("✗"),
        "{before}"
    );
    assert_eq!(terminal.wait_exit(), 4, "{}", terminal.transcript());
}

#[test]
fn remove_asks_with_no_as_its_default() {
    let Some(server) = server() else { return };
    let setup = wizard(&server)
        .env("STITCH_PG_PASSWORD", "pw")
        .args(["setup", "--yes", "--no-input", "--region", "europe"])
        .run();
    assert_eq!(setup.status, Some(0), "{}", setup.stdout);
    let before = server.dump();
    let mut terminal = wizard(&server)
        .args([
            "remove",
            "--database",
            "stitch",
            "--role",
            "stitch",
            "--new",
            "--skip",
            "ssh-user",
        ])
        .terminal(80, 24);
    terminal.expect("[y]es / [a]ll / [N]o / ");
    terminal.expect(DECIDE);
    terminal.send_line("");
    assert_eq!(terminal.wait_exit(), 3, "{}", terminal.transcript());
    assert_eq!(server.dump(), before);
}
