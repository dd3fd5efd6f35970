//! Only we control the terminal: names, errors and file contents that hold escape sequences, marks that turn
//! text around, or lone carriage returns, are written out in every format.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::cure::ssh_user::scene::Scene;
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{BastionOptions, Need, Output, Place, Postgres, stitch_pg, world};

/// A title, a clearing of the screen in 8 bits, an override, and a way back to the line's start.
const HOSTILE: &str = "evil\u{1b}]0;pwned\u{7}\u{9b}2J\u{202e}live\rback";

/// The same as users see it.
const WRITTEN_OUT: &str = "evil\\x1b]0;pwned\\x07\\x9b2J\\u{202e}live\\rback";

/// The same with colours taken out, which are ours.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, sequence)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        match sequence.split_once('m') {
            Some((codes, after)) if codes.chars().all(|c| c.is_ascii_digit() || c == ';') => rest = after,
            _ => {
                plain.push('\u{1b}');
                rest = sequence;
            }
        }
    }
    plain + rest
}

/// By the list of the test's own, not by the program's.
fn is_control(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || HOSTILE.contains(c) && !c.is_ascii()
}

/// There is nothing that a terminal obeys; the text is there and written out.
#[track_caller]
fn written_out(output: &Output, as_what: &str) {
    for text in [&output.stdout, &output.stderr] {
        let text = plain(text);
        assert!(!text.contains(is_control), "something would be obeyed\n{output:#?}");
    }
    let all = format!("{}{}", output.stdout, output.stderr);
    assert!(all.contains(as_what), "{as_what} is not in {output:#?}");
}

/// How a text looks in each format.
fn formats() -> [(&'static str, String); 5] {
    [
        ("text", WRITTEN_OUT.to_owned()),
        (
            "json",
            "evil\\u001b]0;pwned\\u0007\\u009b2J\\u202elive\\rback".to_owned(),
        ),
        ("markdown", WRITTEN_OUT.to_owned()),
        ("junit", WRITTEN_OUT.to_owned()),
        ("github", WRITTEN_OUT.to_owned()),
    ]
}

#[test]
fn names_of_a_server() {
    let server = Postgres::start();
    let name = format!("\"{HOSTILE}\"");
    server.psql(&format!("create database stitch; create role {name}"));
    server.psql_in(
        "stitch",
        &format!(
            "create schema shop; create table shop.{name} (_sdc_batched_at timestamptz, _sdc_received_at timestamptz,
                 _sdc_sequence bigint, _sdc_table_version bigint);
             alter table shop.{name} owner to {name}; alter schema shop owner to {name}"
        ),
    );
    let wizard = Wizard::new(&server)
        .flag("--existing")
        .set("--schema", "shop")
        .flag("-vv");
    for (format, shown) in formats() {
        for color in ["never", "always"] {
            let output = wizard
                .program("check")
                .args(["--format", format, "--color", color])
                .run();
            assert_eq!(output.status, Some(3), "{output:#?}");
            let before = shown.find(']').unwrap_or_default();
            // Markdown escapes the backslash again, and JUnit has what is pending in its messages only.
            written_out(&output, if format == "json" { &shown[..before] } else { "evil" });
        }
    }
    let mut terminal = wizard
        .program("setup")
        .args(["--yes", "--partial", "--color", "always"])
        .terminal(100, 40);
    terminal.expect("OWNER TO");
    assert_eq!(terminal.wait_exit(), 0);
    let raw = String::from_utf8_lossy(terminal.raw()).into_owned();
    for obeyed in ["\u{1b}]0;", "\u{9b}", "\u{202e}", "\u{7}"] {
        assert!(!raw.contains(obeyed), "{raw:?}");
    }
    assert!(raw.contains("\\x1b]0;pwned"), "{raw:?}");
    // And what is run does as it says.
    let owner =
        "select pg_get_userbyid(relowner) from pg_class where relnamespace = 'shop'::regnamespace and relkind = 'r'";
    assert_eq!(server.psql_in("stitch", owner).trim(), "stitch");
}

/// A server that is asked for a connection and answers so, once for each connection.
fn answering(answer: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let answer = answer.clone();
            thread::spawn(move || {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked);
                let _ = stream.write_all(&answer);
                let _ = stream.read(&mut asked);
            });
        }
    });
    port
}

/// An error message of the protocol.
fn refusal() -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C28000\0M{HOSTILE}\0D{HOSTILE}\0H{HOSTILE}\0\0");
    let length = u32::try_from(fields.len() + 4).expect("short");
    let mut message = vec![b'E'];
    message.extend(length.to_be_bytes());
    message.extend(fields.as_bytes());
    message
}

#[test]
fn errors_of_a_server() {
    let port = answering(refusal());
    for (format, shown) in formats() {
        let output = stitch_pg(Place::Here)
            .args(["check", "--no-input", "--skip", "allowlist", "--sslmode", "disable"])
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--format", format])
            .args(["--admin-user", "postgres"])
            .env("PGPASSWORD", "x")
            .env("STITCH_PG_PASSWORD", PASSWORD)
            .run();
        assert_eq!(output.status, Some(1), "{output:#?}");
        written_out(&output, if format == "markdown" { "evil" } else { &shown });
    }
}

/// What stands on the SSH server's host: a home, a comment, lines in front of keys.
#[test]
fn words_of_a_host() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    // useradd would not accept it: an attacker made the account.
    scene.world.sh_with(
        "on bastion sh -euc 'printf \"stitch:x:4711:4711:c:%s:/bin/sh\\n\" \"$1\" >>/etc/passwd
             echo stitch:x:4711: >>/etc/group; echo \"stitch:*:::::::\" >>/etc/shadow; mkdir -m 777 \"$1\"' sh \"$1\"",
        &[&format!("/home/{HOSTILE}")],
        b"",
    );
    for (format, shown) in formats() {
        let output = stitch_pg(&scene.ops)
            .args(["check", "--only", "ssh-user", "--no-input", "--format", format])
            .args([
                "--bastion",
                "root@198.51.100.20",
                "--bastion-identity",
                "/run/world/tmp/ed25519",
            ])
            .args(["--public-key", &scene.public(), "--stitch-host", "10.20.0.3"])
            .run();
        assert!(matches!(output.status, Some(1 | 3)), "{output:#?}");
        let before = shown.find(']').unwrap_or_default();
        written_out(&output, if format == "json" { &shown[..before] } else { "evil" });
    }
}
