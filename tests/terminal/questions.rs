//! Which questions are asked, and how pasted answers are taken.

use crate::support::{Place, Program, stitch_pg};
use crate::terminal::{server, wizard};

/// A server that no test connects to.
fn nowhere() -> Program {
    stitch_pg(Place::Here)
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", "1")
        .env("PGUSER", "postgres")
}

#[test]
fn yes_asks_only_for_what_has_no_default() {
    let Some(server) = server() else { return };
    let mut terminal = wizard(&server).arg("--yes").terminal(80, 24);
    let before = terminal.expect("Region of your Stitch account:");
    assert!(!before.contains("Database Stitch loads into"), "{before}");
    terminal.send("\u{1b}[B\r");
    let before = terminal.expect("Password of the Stitch role:");
    assert!(
        !before.contains("SSH tunnel") && !before.contains("Role Stitch"),
        "{before}"
    );
    terminal.send("\r");
    let between = terminal.expect("Checking your server");
    assert!(!between.contains('?'), "{between}");
    assert_eq!(terminal.wait_exit(), 0);
}

/// `plan`, `check`, `remove`, and `setup --yes`: a typing error is asked about again, before anything else.
#[test]
fn every_command_connects_first_and_asks_again() {
    let Some(server) = server() else { return };
    for command in [&["plan"][..], &["check"], &["remove"], &["setup", "--yes"]] {
        let mut terminal = wizard(&server)
            .env("PGPORT", "1")
            .env("PGPASSWORD", "wrong")
            .args(command)
            .terminal(80, 24);
        terminal.expect("PostgreSQL server [127.0.0.1:1]: ");
        terminal.send_line(&format!("{}:{}", server.host(), server.port()));
        terminal.expect("Admin password: ");
        terminal.send_line(crate::support::postgres::POSTGRES_PASSWORD);
        terminal.expect("Connected: PostgreSQL");
        terminal.send_ctrl_c();
        assert_eq!(terminal.wait_exit(), 130, "{command:?}");
    }
}

#[test]
fn no_input_asks_nothing() {
    let mut terminal = nowhere().args(["--no-input", "setup"]).terminal(80, 24);
    terminal.expect("--region is missing: ");
    assert_eq!(terminal.wait_exit(), 2);
}

#[test]
fn a_key_pasted_over_several_lines_is_one_answer() {
    let Some(server) = server() else { return };
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    for paste in [
        format!("{key} stitch\r"),
        key.replace("IOMq", "\rIOMq") + "\r",
        key.replace(' ', "\r") + "\r",
        format!("{key}\rcomment\r\r"),
    ] {
        let mut terminal = wizard(&server)
            .args([
                "--bastion",
                "local",
                "--tunnel-user",
                "t",
                "--key-options",
                "restrict",
                "--no-prove-tunnel",
                "--region",
                "europe",
                "--database",
                "d",
                "--yes",
            ])
            .terminal(80, 24);
        terminal.expect("Stitch's public key: ");
        terminal.send(&paste);
        // Had the rest of the paste been an answer, this would be the next question.
        let between = terminal.expect("Password of the Stitch role");
        assert!(!between.contains('!'), "{between}");
        terminal.send_ctrl_c();
        assert_eq!(terminal.wait_exit(), 130);
    }
}

#[test]
fn mistakes_are_told_before_the_first_question() {
    let mut terminal = nowhere().args(["--port", "x", "--region", "asia"]).terminal(80, 24);
    assert_eq!(terminal.wait_exit(), 2);
    let said = terminal.transcript();
    assert!(
        said.contains("2 settings are missing or malformed:") && !said.contains("[stitch]"),
        "{said}"
    );
}

#[test]
fn questions_are_not_asked_into_a_file() {
    let words = format!("{} --region europe 2>err; cat err", crate::support::STITCH_PG);
    let program = Program::new("sh", Place::Here).args(["-c", &words]);
    let mut terminal = program.terminal(80, 24);
    terminal.expect("stitch-pg: without a terminal and --yes, setup changes nothing.");
    assert_eq!(terminal.wait_exit(), 0);
}
