//! Whole conversations.

use crate::support::golden;
use crate::terminal::{DECIDE, accept_settings, decline_to_watch, screen, server, wizard};

/// The password in the form.
fn shown_password(transcript: &str) -> String {
    let (_, after) = transcript.split_once("  Password  ").expect("a generated password");
    after.split_whitespace().next().expect("a password").to_owned()
}

#[test]
fn defaults_accepted_everywhere() {
    let Some(server) = server() else {
        return;
    };
    let mut terminal = wizard(&server).terminal(80, 24);
    accept_settings(&mut terminal);
    for _ in ["database", "role"] {
        terminal.expect(DECIDE);
        terminal.send_line("");
    }
    decline_to_watch(&mut terminal);
    let exit = terminal.wait_exit();
    let transcript = terminal.transcript();
    let password = shown_password(&transcript);
    assert_eq!(transcript.matches(&password).count(), 1, "{transcript}");
    let seen = screen::drawn(terminal.raw(), 80);
    let masked = golden::masked(&seen, &[(&password, "GENERATED")]);
    golden::compare("terminal/golden/defaults.txt", &format!("{masked}exit {exit}\n"));
    assert_eq!(
        server.try_psql_as("stitch", &password, "stitch", "select 1"),
        Ok("1".to_owned())
    );

    // The second run has nothing to ask but settings, and changes nothing.
    let before = server.dump();
    let mut again = wizard(&server)
        .env("STITCH_PG_PASSWORD", &password)
        .args([
            "--region",
            "north-america",
            "--database",
            "stitch",
            "--role",
            "stitch",
            "--new",
        ])
        .terminal(80, 24);
    super::accept_table(&mut again);
    decline_to_watch(&mut again);
    let exit = again.wait_exit();
    let seen = golden::masked(&screen::drawn(again.raw(), 80), &[]);
    golden::compare("terminal/golden/second-run.txt", &format!("{seen}exit {exit}\n"));
    assert_eq!(server.dump(), before);
}

#[test]
fn no_to_a_step_skips_what_needs_it() {
    let Some(server) = server() else {
        return;
    };
    let before = server.dump();
    let mut terminal = wizard(&server).terminal(80, 24);
    accept_settings(&mut terminal);
    terminal.expect(DECIDE);
    terminal.send_line("maybe");
    terminal.expect("Please answer y, a, n, e, s, w or q.");
    terminal.expect(DECIDE);
    terminal.send_line("n");
    for step in ["4/7 role: ", "6/7 connection: "] {
        terminal.expect(&format!("{step}not tested yet (it needs the step database,"));
    }
    terminal.expect("1 change to make. Next: stitch-pg setup");
    assert_eq!(terminal.wait_exit(), 3);
    assert_eq!(server.dump(), before);
}

#[test]
fn no_to_the_role_skips_the_connection() {
    let Some(server) = server() else {
        return;
    };
    let mut terminal = wizard(&server).terminal(80, 24);
    accept_settings(&mut terminal);
    terminal.expect(DECIDE);
    terminal.send_line("y");
    terminal.expect(DECIDE);
    terminal.send_line("no");
    terminal.expect("6/7 connection: not tested yet (it needs the step role,");
    assert_eq!(terminal.wait_exit(), 3);
    let made = "select (select count(*) from pg_database where datname = 'stitch'), (select count(*) from pg_roles where rolname = 'stitch')";
    assert_eq!(server.psql(made), "1|0");
    assert!(!terminal.transcript().contains("Host (Endpoint)"));
}

#[test]
fn quit_at_each_decision() {
    for yeses in 0..2 {
        let Some(server) = server() else { return };
        let mut terminal = wizard(&server).terminal(80, 24);
        accept_settings(&mut terminal);
        for _ in 0..yeses {
            terminal.expect(DECIDE);
            terminal.send_line("Y");
        }
        terminal.expect(DECIDE);
        terminal.send_line("quit");
        let kept = ["Nothing was changed.", "Completed changes were kept."][yeses];
        terminal.expect(&format!("Stopped. {kept} Run the same command again to continue."));
        assert_eq!(terminal.wait_exit(), 130);
        assert_eq!(
            server.psql("select count(*) from pg_database where datname = 'stitch'"),
            yeses.to_string()
        );
        assert_eq!(
            server.psql("select count(*) from pg_roles where rolname = 'stitch'"),
            "0"
        );
    }
}

#[test]
fn explain_and_script_say_more_and_ask_again() {
    let Some(server) = server() else {
        return;
    };
    let mut terminal = wizard(&server).terminal(80, 24);
    accept_settings(&mut terminal);
    terminal.expect(DECIDE);
    terminal.send_line("y");
    terminal.expect(DECIDE);
    terminal.send_line("e");
    let explained = terminal.expect(DECIDE);
    terminal.send_line("S");
    let scripted = terminal.expect(DECIDE);
    terminal.send_line("q");
    assert_eq!(terminal.wait_exit(), 130);
    golden::compare("terminal/golden/explained.txt", &(explained + DECIDE));
    golden::compare("terminal/golden/scripted.txt", &(scripted + DECIDE));
}

#[test]
fn an_existing_connection_lists_its_schemas_to_tick() {
    let Some(server) = server() else {
        return;
    };
    server.psql("create role old login; create role stitch login password 'pw'");
    server.psql("create database stitch owner postgres");
    server.psql_in(
        "stitch",
        "create schema shop authorization old; create schema other authorization old; set role old;
         create table shop.orders (id int, _sdc_batched_at timestamptz, _sdc_received_at timestamptz,
             _sdc_sequence bigint, _sdc_table_version bigint);
         create table shop._sdc_rejected (record text, reason text, table_name text, _sdc_rejected_at timestamptz);
         create table other.notes (id int)",
    );
    let mut terminal = wizard(&server)
        .env("STITCH_PG_PASSWORD", "pw")
        .args([
            "--existing",
            "--region",
            "europe",
            "--database",
            "stitch",
            "--role",
            "stitch",
        ])
        .terminal(80, 24);
    super::accept_table(&mut terminal);
    terminal.expect("[x] shop: ");
    terminal.send("\r");
    terminal.expect("Which of these schemas does Stitch load into? shop");
    terminal.expect(DECIDE);
    terminal.send_line("y");
    terminal.expect(DECIDE);
    terminal.send_line("y");
    decline_to_watch(&mut terminal);
    let exit = terminal.wait_exit();
    let owners =
        "select nspname || ' ' || nspowner::regrole from pg_namespace where nspname in ('shop', 'other') order by 1";
    assert_eq!(server.psql_in("stitch", owners), "other old\nshop stitch");
    let seen = golden::masked(&screen::drawn(terminal.raw(), 80), &[]);
    golden::compare("terminal/golden/existing.txt", &format!("{seen}exit {exit}\n"));
}

#[test]
fn json_goes_to_a_file_while_the_person_is_asked() {
    let Some(server) = server() else {
        return;
    };
    let words = format!(
        "{} --format json >out.json; echo \"exit $?\"",
        crate::support::STITCH_PG
    );
    let program = crate::support::Program::new("sh", &server)
        .args(["-c", &words])
        .env("PGHOST", server.host())
        .env("PGUSER", "postgres")
        .env("PGPASSWORD", crate::support::postgres::POSTGRES_PASSWORD);
    let mut terminal = program.terminal(80, 24);
    accept_settings(&mut terminal);
    for _ in ["database", "role"] {
        terminal.expect(DECIDE);
        terminal.send_line("y");
    }
    terminal.expect("exit 0");
    terminal.wait_exit();
    let text = std::fs::read_to_string(program.home().join("out.json")).unwrap();
    let report = crate::support::json::report(&text);
    assert_eq!(report["result"], "applied");
    assert!(terminal.transcript().contains("Password: saved in ./stitch.pw"));
    let password = std::fs::read_to_string(program.home().join("stitch.pw")).unwrap();
    assert!(!text.contains(password.trim_end()), "{text}");
}
