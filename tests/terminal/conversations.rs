//! Whole conversations in which something goes wrong, or is not as usual: each ends in the same run.

use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::{BastionOptions, Need, Postgres, PostgresOptions, SshKey, Terminal, stitch_pg, world};
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
    let before = terminal.expect("Not ready: 1 problem");
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

#[test]
fn three_hundred_tables_in_four_schemas_are_chosen_among() {
    let Some(server) = server() else { return };
    server.psql("create role old; create role stitch login password 'pw'; create database stitch");
    server.psql_in(
        "stitch",
        "do $$ begin for s in 1..4 loop
             execute format('create schema shop%s authorization old', s);
             execute format('create table shop%s._sdc_rejected (record text, reason text, table_name text,
                 _sdc_rejected_at timestamptz)', s);
             execute format('alter table shop%s._sdc_rejected owner to old', s);
             for t in 1..75 loop
                 execute format('create table shop%s.t%s (id int, _sdc_batched_at timestamptz, _sdc_received_at timestamptz,
                     _sdc_sequence bigint, _sdc_table_version bigint)', s, t);
                 execute format('alter table shop%s.t%s owner to old', s, t);
             end loop;
         end loop; end $$",
    );
    let mut terminal = wizard(&server).env("STITCH_PG_PASSWORD", "pw").terminal(80, 24);
    crate::terminal::accept_settings(&mut terminal);
    terminal.expect("Which of these schemas does Stitch load into?");
    terminal.send("\r");
    terminal.expect("[q]uit: ");
    terminal.send_line("y");
    // All four; then the first is left out.
    terminal.expect(" / [c]hoose / ");
    terminal.expect("[q]uit: ");
    terminal.send_line("c");
    terminal.expect("Press Space to select");
    terminal.expect("[x] shop4");
    // The first line is the schema public.
    terminal.send("\u{1b}[B \r");
    terminal.expect("5/7 ownership: make these 3 changes?");
    let three = terminal.expect("[q]uit: ");
    assert!(!three.contains("\"shop1\"") && three.contains("\"shop2\""), "{three}");
    terminal.send_line("y");
    decline_to_watch(&mut terminal);
    terminal.wait_exit();
    let owners = "select string_agg(distinct relowner::regrole::text || ' ' || nspname, ',' order by relowner::regrole::text
        || ' ' || nspname) from pg_class join pg_namespace n on n.oid = relnamespace where nspname ~ '^shop' and relkind = 'r'";
    assert_eq!(
        server.psql_in("stitch", owners),
        "old shop1,stitch shop2,stitch shop3,stitch shop4"
    );
    let lines = screen::drawn(terminal.raw(), 80).lines().count();
    assert!(lines < 150, "{lines} lines for 300 tables");
}

#[test]
fn escape_and_left_go_back_and_a_long_text_goes_to_the_pager() {
    let Some(server) = server() else { return };
    let mut terminal = wizard(&server).env("PAGER", "sed s/^/paged:/").terminal(80, 8);
    terminal.expect("  Europe\n");
    // There is nothing before the first question.
    terminal.send("\u{1b}");
    terminal.expect("  Europe\n");
    // No region is chosen before the user chooses one.
    terminal.send("\r");
    terminal.expect("Choose with the arrow keys, then press Enter.");
    terminal.expect("  Europe\n");
    terminal.send("\u{1b}[B\r");
    for back in ["\u{1b}", "\u{1b}[D"] {
        terminal.expect("Public name of the server: ");
        terminal.send(back);
        terminal.expect("  Europe\n");
        terminal.send("\u{1b}[B\r");
    }
    terminal.expect("Public name of the server: ");
    // Any other key does nothing to what was typed.
    terminal.send("db.exam\u{1b}[A");
    terminal.expect("\nPublic name of the server: db.exam");
    terminal.send("\r");
    terminal.expect(TABLE);
    // What is longer than the screen goes to the pager here too.
    terminal.send_line("s");
    terminal.expect("paged:");
    terminal.expect("CREATE DATABASE");
    terminal.expect(TABLE);
    terminal.send("\u{1b}");
    // Back to the last line of the table.
    terminal.expect("Has Stitch loaded into this database before?");
    terminal.send("\r");
    terminal.expect(TABLE);
    terminal.send_line("d");
    terminal.expect(DECIDE);
    terminal.send_line("y");
    terminal.expect(DECIDE);
    terminal.send_line("s");
    terminal.expect("paged:");
    terminal.expect(DECIDE);
    terminal.send_line("q");
    assert_eq!(terminal.wait_exit(), 130, "{}", terminal.transcript());
}

/// A run that is stopped at its first change goes on with what was saved.
#[test]
fn an_interrupted_run_is_resumed_with_its_answers() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    let mut first = scene.terminal(&[]);
    for (question, answer) in [
        ("PostgreSQL server [", "db.example.com\r"),
        ("Admin user [", "postgres\r"),
        ("Password of postgres on ", &format!("{POSTGRES_PASSWORD}\r")),
        ("  Europe\n", "\u{1b}[B\r"),
        (TABLE, "\r"),
        (DECIDE, "\u{3}"),
    ] {
        first.expect(question);
        first.send(answer);
    }
    assert_eq!(first.wait_exit(), 130);
    let mut again = scene.terminal(&[]);
    let before = again.expect("Password of postgres on ");
    assert!(
        before.contains("Using ./stitch-pg.toml") && !before.contains("Admin user ["),
        "{before}"
    );
    again.send_line(POSTGRES_PASSWORD);
    let table = again.expect(TABLE);
    assert!(
        table.contains("db.example.com, port 5432") && !table.contains("save these"),
        "{table}"
    );
    again.send_line("");
    again.expect(DECIDE);
    again.send_line("a");
    decline_to_watch(&mut again);
    assert_eq!(again.wait_exit(), 0, "{}", again.transcript());
}

/// A server on this machine: Stitch cannot use its address, so the public one is asked for, and nothing else is taken for it.
#[test]
fn a_loopback_host_is_asked_for_its_public_name() {
    let Some(server) = server() else { return };
    let mut terminal = wizard(&server).terminal(80, 24);
    terminal.expect("  Europe\n");
    terminal.send("\u{1b}[B\r");
    for wrong in ["localhost", "192.168.1.1", "db example", "db.example.com:port"] {
        terminal.expect("Public name of the server: ");
        terminal.send_line(wrong);
        terminal.expect("  ! ");
    }
    terminal.expect("Public name of the server: ");
    // As a browser or a provider's page shows it.
    terminal.send_line("https://db.example.com:6432/");
    let table = terminal.expect(TABLE);
    assert!(table.contains("To the host     db.example.com"), "{table}");
    terminal.send_line("d");
    terminal.expect(DECIDE);
    terminal.send_line("a");
    terminal.expect("Watch for Stitch's connection now? ");
    terminal.send_line("n");
    terminal.wait_exit();
    let seen = screen::drawn(terminal.raw(), 80);
    assert!(
        seen.contains("Host (Endpoint)    db.example.com\n  Port               6432\n"),
        "{seen}"
    );
}

/// A database that only an SSH server reaches: the first try fails, the SSH server is asked for there and then, and the same
/// run ends in a form with the tunnel's fields.
#[test]
fn a_private_database_is_reached_through_the_ssh_server_that_is_asked_for() {
    let Some(world) = world(&[Need::Bastion]) else { return };
    let keys = world.outside(world.dir().join("tmp"));
    let (admin, stitch) = (SshKey::ed25519(&keys), SshKey::rsa(&keys));
    let desk = world.host("desk", &[("net", "203.0.113.2/24")]);
    let plugs = [("net", "203.0.113.20/24"), ("inner", "10.20.0.2/24")];
    let bastion = world.bastion("bastion", &plugs, BastionOptions::new().authorize(&admin));
    let there = world.host("there", &[("inner", "10.20.0.3/24")]);
    let options = PostgresOptions::new()
        .conf("listen_addresses", "*")
        .hba("local all all trust\nhost all all 10.20.0.0/24 scram-sha-256\n");
    let server = Postgres::start_in(&world, Some(&there), options);
    let program = stitch_pg(&desk).args(["--bastion-identity", "/run/world/tmp/ed25519"]);
    let mut terminal = program.terminal(80, 24);
    for (question, answer) in [
        ("PostgreSQL server [localhost]: ", "10.20.0.3"),
        ("Admin user [", "postgres"),
        ("or answer ssh", "ssh"),
        ("SSH server: ", "nowhere.example.com"),
        ("as the SSH server reaches it [10.20.0.3]: ", ""),
        // What was wrong is asked again.
        ("SSH server: ", "root@203.0.113.20"),
        ("Is this the right key?", ""),
        ("SSH server: ", "root@203.0.113.20"),
        ("Is this the right key?", "y"),
        ("Password of postgres on 10.20.0.3:5432: ", POSTGRES_PASSWORD),
    ] {
        terminal.expect(question);
        terminal.send_line(answer);
    }
    terminal.expect("  Europe\n");
    terminal.send("\u{1b}[B\r");
    terminal.expect("Stitch's public key: ");
    terminal.send_line(&stitch.public());
    let table = terminal.expect(TABLE);
    assert!(table.contains("through 203.0.113.20, as stitch"), "{table}");
    terminal.send_line("d");
    terminal.expect(DECIDE);
    terminal.send_line("a");
    terminal.expect("Watch for Stitch's connection now? ");
    terminal.send_line("n");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
    let seen = screen::drawn(terminal.raw(), 80);
    for field in [
        "Host (Endpoint)    10.20.0.3",
        "Encryption Type    SSH Tunnel",
        "Remote Address     203.0.113.20",
        "SSH Port           22",
        "SSH User           stitch",
    ] {
        assert!(seen.contains(field), "{field}: {seen}");
    }
    assert!(bastion.run("cat ~stitch/.ssh/authorized_keys").contains("ssh-rsa "));
    assert_eq!(
        server.psql("select count(*) from pg_database where datname = 'stitch'"),
        "1"
    );
}
