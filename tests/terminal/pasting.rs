//! What users have on the clipboard, and what else they type at a question.

use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::world;
use crate::terminal::amounts::Scene;
use crate::terminal::screen;

/// Each names the server, and what stands there afterwards has no password in it.
#[test]
fn the_server_is_read_from_what_was_pasted() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    for pasted in [
        "psql \"postgres://postgres:{}@db.example.com:5432/postgres?sslmode=require\"",
        "'postgresql://postgres:{}@db.example.com/postgres'",
        "export DATABASE_URL=postgres://postgres:{}@db.example.com/postgres",
        "jdbc:postgresql://db.example.com:5432/postgres?user=postgres&password={}",
        "host=db.example.com port=5432 dbname=postgres user=postgres password='{}'",
        "PGPASSWORD={} psql -h db.example.com -U postgres postgres",
    ] {
        let mut terminal = scene.terminal(&[]);
        terminal.expect("PostgreSQL server [localhost]: ");
        terminal.send_line(&pasted.replace("{}", POSTGRES_PASSWORD));
        terminal.expect("Connected: PostgreSQL");
        terminal.expect("  Europe\n");
        let seen = screen::drawn(terminal.raw(), 80).replace('\n', "");
        assert!(
            seen.contains(&pasted.replace("'{}'", "***").replace("{}", "***")),
            "{seen}"
        );
        assert!(!seen.contains(POSTGRES_PASSWORD), "{seen}");
        terminal.send_ctrl_c();
        assert_eq!(terminal.wait_exit(), 130);
    }
}

/// What cannot be read is not repeated, because a password may stand in it; another answer is asked for.
#[test]
fn what_cannot_be_read_is_not_repeated() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    let mut terminal = scene.terminal(&[]);
    for wrong in [
        "host=db.example.com nonsense=1 password=hunter2",
        "mysql://me:hunter2@db.example.com/db",
        "postgres://me:hunter2@db.example.com:port/db",
    ] {
        terminal.expect("PostgreSQL server [localhost]: ");
        terminal.send_line(wrong);
        terminal.expect("  ! ");
    }
    let long = "x".repeat(400);
    terminal.expect("PostgreSQL server [localhost]: ");
    terminal.send_line(&format!("{long} y"));
    terminal.expect("  ! ");
    let refused = terminal.expect("PostgreSQL server [localhost]: ");
    assert!(refused.len() < 200 && refused.contains("xxx..."), "{refused}");
    let seen = screen::drawn(terminal.raw(), 80).replace('\n', "");
    assert!(!seen.contains("hunter2"), "{seen}");
    terminal.send_ctrl_c();
    assert_eq!(terminal.wait_exit(), 130);
}

/// A question mark shows the help again, which stands there once otherwise.
#[test]
fn a_question_mark_shows_the_help_again() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    let mut terminal = scene.terminal(&["--admin-user", "postgres"]);
    let help = "Host, host:port, URL";
    for (answer, helps) in [("db.example.com:1", 1), ("?", 1), ("db.example.com:1", 2)] {
        let before = terminal.expect("PostgreSQL server [");
        terminal.expect("]: ");
        assert_eq!(terminal.transcript().matches(help).count(), helps, "{before}");
        terminal.send_line(answer);
    }
    terminal.expect("PostgreSQL server [db.example.com:1]: ");
    // A port belongs to the server that it was typed with.
    terminal.send_line("db.example.com");
    terminal.expect("Password of postgres on db.example.com:5432:");
    terminal.send_ctrl_c();
    assert_eq!(terminal.wait_exit(), 130);
}

/// What is pasted at once after Esc is the next answer, to the last letter; the rest of a key is not.
#[test]
fn what_comes_at_once_after_escape_is_kept() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    let mut terminal = scene.terminal(&[]);
    terminal.expect("PostgreSQL server [localhost]: ");
    terminal.send_line("wrong.example.com");
    terminal.expect("Admin user [");
    terminal.send("\u{1b}db.example.com:1\r");
    terminal.expect("PostgreSQL server [localhost]: ");
    terminal.expect("Admin user [");
    terminal.send("post\u{1b}[3~\u{1b}OP\u{1b}[1;5Agres\r");
    terminal.expect("PostgreSQL server [db.example.com:1]: ");
    terminal.send_line("db.example.com");
    terminal.expect("Password of postgres on db.example.com:5432:");
    terminal.send_ctrl_c();
    assert_eq!(terminal.wait_exit(), 130);
}
