//! Ctrl-C, Ctrl-D, `kill` and quitting: wherever a run is stopped, it says so, and the terminal is as it was.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::process::{DEADLINE, poll};
use crate::support::{Place, Program, Terminal, stitch_pg};
use crate::terminal::{DECIDE, accept_settings, server, wizard};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl stitch";
const NOTHING: &str = "Stopped. Nothing was changed. Run the same command again to continue.";

/// Questions in their order, what answers each, and whether it is a list: with `--yes`, and of the first login.
const QUESTIONS: [(&str, &str, bool); 3] = [
    ("  Europe\n", "\u{1b}[B\r", true),
    ("  Type one\n", "\u{1b}[B\r", true),
    ("Password of the Stitch role: ", "", false),
];
const INIT_QUESTIONS: [(&str, &str, bool); 4] = [
    ("PostgreSQL server [", "\r", false),
    ("Admin user [", "\r", false),
    ("Database Stitch loads into [", "\r", false),
    ("  Europe\n", "", true),
];
const FIRST_QUESTIONS: [(&str, &str, bool); 3] = [
    ("PostgreSQL server [", "127.0.0.1:1\r", false),
    ("Admin user [", "\r", false),
    ("PostgreSQL server [127.0.0.1:1]: ", "", false),
];

/// Ends long before what it waits for would (a minute), with the terminal as it was.
#[track_caller]
fn stopped(mut terminal: Terminal, words: &str) {
    let began = Instant::now();
    terminal.expect(words);
    assert_eq!(terminal.wait_exit(), 130, "{}", terminal.transcript());
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert!(terminal.echoes(), "the echo is back");
    let raw = String::from_utf8_lossy(terminal.raw()).into_owned();
    if let Some(hidden) = raw.rfind("\u{1b}[?25l") {
        assert!(raw[hidden..].contains("\u{1b}[?25h"), "the cursor is back: {raw:?}");
    }
    assert!(raw.ends_with("\r\n"), "{raw:?}");
    assert!(!raw.contains("stitch-pg: "), "no error besides: {raw:?}");
}

/// The program at each of these questions, and of the first ones.
fn at_each_question(program: &Program, questions: &[(&str, &str, bool)]) -> Vec<(Terminal, bool)> {
    let mut terminals = Vec::new();
    for (questions, program) in [(questions, program), (&FIRST_QUESTIONS, &stitch_pg(Place::Here))] {
        for number in 0..questions.len() {
            let mut terminal = program.terminal(80, 24);
            for (question, answer, _) in &questions[..number] {
                terminal.expect(question);
                terminal.send(answer);
            }
            terminal.expect(questions[number].0);
            terminals.push((terminal, questions[number].2));
        }
    }
    terminals
}

#[test]
fn ctrl_c_at_each_question() {
    let Some(server) = server() else { return };
    for (mut terminal, _) in at_each_question(&wizard(&server).arg("--yes"), &QUESTIONS) {
        terminal.send_ctrl_c();
        stopped(terminal, NOTHING);
    }
}

#[test]
fn quit_or_end_of_input_at_each_question() {
    let Some(server) = server() else { return };
    for (mut terminal, list) in at_each_question(&wizard(&server).arg("--yes"), &QUESTIONS) {
        if list {
            terminal.send("q");
        } else {
            terminal.send_ctrl_d();
            terminal.expect("The input has ended.");
        }
        stopped(terminal, NOTHING);
    }
}

#[test]
fn kill_at_each_question() {
    // No namespace is between this test and the program, so that the signal reaches it.
    let init = stitch_pg(Place::Here).args(["config", "init", "new.toml"]);
    for signal in ["TERM", "HUP"] {
        for (terminal, _) in at_each_question(&init, &INIT_QUESTIONS) {
            terminal.signal(signal);
            stopped(terminal, NOTHING);
        }
    }
}

/// A password that is being typed is not shown; when the program is gone the terminal shows again what is typed.
#[test]
fn kill_at_a_hidden_question() {
    for signal in ["TERM", "HUP", "INT"] {
        let (listener, words) = (TcpListener::bind("127.0.0.1:0").unwrap(), LAST_WORDS[2].1);
        let port = listener.local_addr().unwrap().port().to_string();
        thread::spawn(move || {
            let mut held = Vec::new();
            for mut stream in listener.incoming().flatten() {
                let _ = stream.write_all(words);
                held.push(stream);
            }
        });
        let program = stitch_pg(Place::Here).args(["--host", "127.0.0.1", "--port", &port, "--admin-user", "me"]);
        let mut terminal = program.terminal(80, 24);
        terminal.expect("Password of me on ");
        poll(DEADLINE, || (!terminal.echoes()).then_some(())).expect("the echo is off");
        terminal.signal(signal);
        stopped(terminal, NOTHING);
    }
}

/// What a server says before it falls silent; then a run is in the middle of a login, of TLS, of SSH.
const LAST_WORDS: [(&str, &[u8]); 5] = [
    ("--port", b""),
    ("--port", b"S\x16\x03\x03"),
    ("--port", b"NR\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"),
    ("--bastion", b""),
    ("--bastion", b"SSH-2.0-OpenSSH_9.2\r\n\0\0\x04"),
];

#[test]
fn ctrl_c_while_a_server_does_not_answer() {
    for (option, words) in LAST_WORDS {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port().to_string();
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&accepted);
        thread::spawn(move || {
            for mut stream in silent.incoming().flatten() {
                let _ = stream.write_all(words);
                kept.lock().unwrap().push(stream);
            }
        });
        let at: Vec<String> = if option == "--port" {
            vec![format!("--port={port}")]
        } else {
            let rest = [
                "--via-bastion",
                "--public-key",
                KEY,
                "--bastion-identity",
                "/nowhere/key",
            ];
            let bastion = format!("--bastion=root@127.0.0.1:{port}");
            std::iter::once(bastion).chain(rest.map(str::to_owned)).collect()
        };
        for signal in ["INT", "TERM"] {
            accepted.lock().unwrap().clear();
            let mut terminal = stitch_pg(Place::Here)
                .env("PGPASSWORD", "pw")
                .args([
                    "--host",
                    "127.0.0.1",
                    "--admin-user",
                    "me",
                    "--region",
                    "europe",
                    "--timeout",
                    "60",
                ])
                .args(&at)
                .args(["--yes", "--generate-password"])
                .terminal(80, 24);
            terminal.expect("Connecting to 127.0.0.1");
            poll(DEADLINE, || (!accepted.lock().unwrap().is_empty()).then_some(())).expect("it comes");
            // As far as the words lead.
            thread::sleep(Duration::from_millis(300));
            if signal == "INT" {
                terminal.send_ctrl_c();
            } else {
                terminal.signal(signal);
            }
            stopped(terminal, NOTHING);
        }
    }
}

#[test]
fn ctrl_c_and_end_of_input_at_a_decision_and_a_password() {
    let Some(server) = server() else {
        return;
    };
    let before = server.dump();
    for end in ["\u{3}", "\u{4}"] {
        let mut terminal = wizard(&server).terminal(80, 24);
        accept_settings(&mut terminal);
        terminal.expect(DECIDE);
        terminal.send(end);
        stopped(terminal, NOTHING);

        let mut terminal = wizard(&server).env_remove("PGPASSWORD").terminal(80, 24);
        terminal.expect("Password of postgres on ");
        terminal.send(end);
        stopped(terminal, NOTHING);
    }
    assert_eq!(server.dump(), before);
}

#[test]
fn ctrl_c_in_the_middle_of_a_change() {
    let Some(server) = server() else {
        return;
    };
    // CREATE DATABASE waits for the session that has locked the list of databases.
    let mut other = server.command("sh");
    other.args([
        "-c",
        "exec psql -h \"$1\" -p \"$2\" -U postgres -c 'begin; lock pg_database in share mode; select pg_sleep(600)'",
        "sh",
    ]);
    other.arg(server.socket_dir()).arg(server.port().to_string());
    other
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut other = crate::support::spawn(&mut other);
    let is = |state: &str| {
        let number = format!("select count(*) from pg_stat_activity where {state}");
        poll(DEADLINE, || (server.psql(&number) == "1").then_some(())).expect("it comes to that");
    };
    is("wait_event = 'PgSleep'");
    let mut terminal = wizard(&server).terminal(80, 24);
    accept_settings(&mut terminal);
    terminal.expect(DECIDE);
    terminal.send_line("y");
    is("query ilike '%create database%' and wait_event_type = 'Lock'");
    terminal.send_ctrl_c();
    stopped(
        terminal,
        "Stopped. Completed changes were kept. Run the same command again to continue.",
    );
    other.kill().unwrap();
    other.wait().unwrap();
}
