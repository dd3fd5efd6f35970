//! Peers that never stop sending: the run ends by itself within its bounds, names the peer, and does not grow.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::cure::ssh_user::scene::Scene;
use crate::leaks::size::{ORDINARY, hear, login as logged_in, measured, message, serving};
use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::PASSWORD;
use crate::support::{BastionOptions, Need, Place, Program, stitch_pg, world};

/// How an SSH server begins.
pub(crate) const GREETING: &[u8] = b"SSH-2.0-OpenSSH_9.2\r\n";

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl stitch";

/// A packet of the SSH protocol before its keys are made (RFC 4253, 6): 24 kB of this type.
pub(crate) fn packet(kind: u8) -> Vec<u8> {
    let payload = [&[kind][..], &vec![0; 24 << 10]].concat();
    let padding = 16 - (payload.len() + 5) % 8;
    let length = u32::try_from(payload.len() + padding + 1).expect("short");
    let head = [&length.to_be_bytes()[..], &[u8::try_from(padding).expect("short")]].concat();
    [head, payload, vec![0; padding]].concat()
}

/// A notice of PostgreSQL's with a kilobyte of text.
pub(crate) fn notice() -> Vec<u8> {
    message(b'N', format!("SNOTICE\0C00000\0M{}\0\0", "x".repeat(1000)).as_bytes())
}

/// A message that ssh writes into its log (RFC 4253, 11.3).
fn remark() -> Vec<u8> {
    let words = [b'x'; 900];
    let payload = [&[4, 1, 0, 0, 3, 0x84][..], &words, &[0; 4]].concat();
    let padding = 16 - (payload.len() + 5) % 8;
    let length = u32::try_from(payload.len() + padding + 1).expect("short");
    let head = [&length.to_be_bytes()[..], &[u8::try_from(padding).expect("short")]].concat();
    [head, payload, vec![0; padding]].concat()
}

/// A login to PostgreSQL, taken.
pub(crate) fn login(stream: &mut TcpStream) {
    logged_in(stream);
}

fn without_end(stream: &mut TcpStream, words: &[u8]) {
    while stream.write_all(words).is_ok() {}
}

/// Settings with another name each.
fn settings_without_end(stream: &mut TcpStream) {
    for number in 0_u64.. {
        let setting = message(b'S', format!("name{number}\0{}\0", "x".repeat(1000)).as_bytes());
        if stream.write_all(&setting).is_err() {
            return;
        }
    }
}

type Case = (&'static str, fn(TcpStream), &'static str);

#[test]
fn an_ssh_server_that_never_stops() {
    let cases: [Case; 7] = [
        (
            "words for the log in the key exchange",
            |mut stream| {
                let _ = stream.write_all(GREETING);
                without_end(&mut stream, &remark().repeat(50));
            },
            "",
        ),
        (
            "lines before the greeting",
            |mut stream| without_end(&mut stream, &b"no greeting\r\n".repeat(1000)),
            "cannot log in to the SSH server",
        ),
        (
            "a line without an end",
            |mut stream| without_end(&mut stream, &[b'x'; 16 << 10]),
            "SSH",
        ),
        (
            "packets for nobody in the key exchange",
            |mut stream| {
                let _ = stream.write_all(GREETING);
                without_end(&mut stream, &packet(80));
            },
            "cannot log in to the SSH server",
        ),
        (
            "packets to be ignored in the key exchange",
            |mut stream| {
                let _ = stream.write_all(GREETING);
                without_end(&mut stream, &packet(2));
            },
            "cannot log in to the SSH server",
        ),
        (
            "lines before the greeting, one every tenth of a second",
            |mut stream| {
                while stream.write_all(b"no greeting\r\n").is_ok() {
                    std::thread::sleep(Duration::from_millis(100));
                }
            },
            "",
        ),
        (
            "packets to be ignored, one every tenth of a second",
            |mut stream| {
                let _ = stream.write_all(GREETING);
                let small = [&[0, 0, 0, 12, 6, 2][..], &[0; 10]].concat();
                while stream.write_all(&small).is_ok() {
                    std::thread::sleep(Duration::from_millis(100));
                }
            },
            "",
        ),
    ];
    for (what, serve, told) in cases {
        let port = serving(serve);
        for client in ["", "ssh"] {
            let program = stitch_pg(Place::Here)
                .args([
                    "check",
                    "--no-input",
                    "--only",
                    "ssh-user",
                    "--timeout",
                    "3",
                    "--public-key",
                    KEY,
                ])
                .args(["--bastion", &format!("root@127.0.0.1:{port}"), "--host", "db"])
                .args(["--bastion-identity", "/nowhere/key"]);
            let program = if client.is_empty() {
                program
            } else {
                program.args(["--ssh-command", client])
            };
            let began = Instant::now();
            let measured = measured(&format!("{what} {client}"), Place::Here, &program);
            assert_eq!(measured.status, 1, "{what} {client}: {}", measured.said);
            if client.is_empty() {
                assert!(measured.said.contains(told), "{what}: {}", measured.said);
            }
            assert!(measured.peak < ORDINARY, "{what} {client}: {} MB", measured.peak);
            // Nine times the limit: the machine may be slow, and a flood has no end.
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{what} {client}: {:?}",
                began.elapsed()
            );
        }
    }
}

#[test]
fn a_postgresql_server_that_never_stops() {
    let cases: [Case; 6] = [
        (
            "settings before the login",
            |mut stream| {
                hear(&mut stream);
                let _ = stream.write_all(&message(b'R', &[0; 4]));
                settings_without_end(&mut stream);
            },
            "1 MB",
        ),
        (
            "settings after the login",
            |mut stream| {
                login(&mut stream);
                settings_without_end(&mut stream);
            },
            "more than the limit of 1 MB",
        ),
        (
            "an error of 200 MB",
            |mut stream| {
                login(&mut stream);
                let _ = stream.write_all(&[b'E', 0x0c, 0, 0, 0]);
                without_end(&mut stream, &[b'x'; 8192]);
            },
            "more than the limit of 1 MB",
        ),
        (
            "notices that look like ours",
            |mut stream| {
                login(&mut stream);
                let ours = message(b'N', format!("SNOTICE\0CSPG01\0M{}\0\0", "1".repeat(1000)).as_bytes());
                without_end(&mut stream, &ours.repeat(100));
            },
            "2 s",
        ),
        (
            "more rounds than anybody computes",
            |mut stream| {
                challenges(&mut stream, "2147483647");
            },
            "the server asks for 2147483647 SCRAM rounds to prove the password, more than the limit of 100000",
        ),
        (
            "rounds that are no number",
            |mut stream| {
                challenges(&mut stream, "-1");
            },
            "",
        ),
    ];
    for (what, serve, told) in cases {
        let port = serving(serve);
        let program = stitch_pg(Place::Here)
            .args(["check", "--no-input", "--only", "database", "--sslmode", "disable"])
            .args(["--host", "127.0.0.1", "--timeout", "2", "--port", &port.to_string()])
            .args(["--admin-user", "postgres", "--format", "json"])
            .env("PGPASSWORD", "x")
            .env("STITCH_PG_PASSWORD", PASSWORD);
        let measured = measured(what, Place::Here, &program);
        assert_eq!(measured.status, 1, "{what}: {}", measured.said);
        assert!(measured.said.contains(told), "{what}: {}", measured.said);
        assert!(measured.peak < ORDINARY, "{what}: {} MB", measured.peak);
    }
}

/// Asks for SCRAM with so many rounds, and then waits for what cannot come.
fn challenges(stream: &mut TcpStream, rounds: &str) {
    hear(stream);
    let _ = stream.write_all(&message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"));
    let mut heard = [0; 4096];
    let count = stream.read(&mut heard).unwrap_or_default();
    let heard = String::from_utf8_lossy(&heard[..count]).into_owned();
    let nonce = heard.rsplit("r=").next().unwrap_or_default();
    let challenge = format!("\0\0\0\x0br={nonce}x,s=c2FsdHNhbHRzYWx0,i={rounds}");
    let _ = stream.write_all(&message(b'R', challenge.as_bytes()));
    let _ = stream.read(&mut [0; 4096]);
}

#[test]
fn an_api_that_never_stops() {
    let cases: [Case; 4] = [
        (
            "heads without end",
            |mut stream| {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
                without_end(
                    &mut stream,
                    &b"X-Header: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n".repeat(100),
                );
            },
            "",
        ),
        (
            "a head without end",
            |mut stream| {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Header: ");
                without_end(&mut stream, &[b'x'; 8192]);
            },
            "",
        ),
        (
            "interim answers without end",
            |mut stream| {
                let _ = stream.read(&mut [0; 4096]);
                without_end(&mut stream, &b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100));
            },
            "",
        ),
        (
            "a body by a byte every tenth of a second",
            |mut stream| {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[");
                while stream.write_all(b" ").is_ok() {
                    std::thread::sleep(Duration::from_millis(100));
                }
            },
            "does not end",
        ),
    ];
    for (what, serve, told) in cases {
        let port = serving(serve);
        let measured = measured(what, Place::Here, &registration(port));
        assert_eq!(measured.status, 1, "{what}: {}", measured.said);
        assert!(measured.said.contains(told), "{what}: {}", measured.said);
        assert!(measured.peak < ORDINARY, "{what}: {} MB", measured.peak);
    }
}

fn registration(port: u16) -> Program {
    stitch_pg(Place::Here)
        .args([
            "check",
            "--no-input",
            "--only",
            "registration",
            "--register",
            "--insecure-api",
            "--no-ssl",
        ])
        .args([
            "--host",
            "db",
            "--timeout",
            "2",
            "--api-url",
            &format!("http://127.0.0.1:{port}"),
        ])
        .env("STITCH_ACCESS_TOKEN", "ac_x")
        .env("STITCH_PG_PASSWORD", PASSWORD)
}

/// PostgreSQL behind the tunnel: takes every login, and goes on without end.
const FLOOD: &str = r"
import socket, struct, threading
def serve(stream):
    try:
        stream.recv(4096)
        stream.sendall(b'R\0\0\0\x08\0\0\0\0')
        while True:
            stream.sendall(b''.join(b'N' + struct.pack('!i', 1024) + b'x' * 1020 for _ in range(64)))
    except OSError:
        pass
server = socket.create_server(('10.20.0.2', 5432))
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
";

/// A real server whose login shell prints without end, on one output or both, to the client that is built in and to ssh; at
/// the login, or only where a script of ours is run; and a database that never stops behind the tunnel.
#[test]
fn an_ssh_command_that_never_stops() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.moves_home();
    scene.configure(" IdentityFile /run/world/tmp/ed25519\n");
    let after_login = "[ \"$2\" != true ] || exit 0; yes & exec yes >&2";
    let more = "it printed more than 16 MiB";
    for (number, (body, own, told)) in [
        ("exec yes", false, more),
        (after_login, false, more),
        ("exec yes", true, more),
        ("exec yes >&2", true, more),
        (after_login, true, more),
        // Less than the limit, and no end of lines, one line, or answers.
        (
            "yes | head -c 16000000",
            true,
            "runs something else in place of commands",
        ),
        ("head -c 16000000 /dev/zero | tr '\\0' x", true, "xxxxx… | "),
        (
            "echo 'stitch-pg: begun'; echo uid=0; yes pam=x | head -c 16000000; echo 'stitch-pg: done'",
            true,
            "",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let shell = format!("/usr/local/bin/flood{number}");
        std::fs::write(scene.bastion.outside(&shell), format!("#!/bin/sh\n{body}\n")).expect("the world is writable");
        scene.bastion.run(&format!(
            "chmod 755 {shell}; echo 'flood{number}:x:0:0::/root:{shell}' >>/etc/passwd
             echo 'flood{number}:*:19000:0:99999:7:::' >>/etc/shadow"
        ));
        let login = format!("flood{number}");
        let program = if own {
            let gate = scene.by_alias("check", &format!("{login}@gate"));
            gate.args(["--ssh-command", "ssh"])
        } else {
            scene.program("check", &login, "stitch")
        };
        let measured = measured(body, &scene.ops, &program);
        // What answers like a server's script is taken for one.
        let status = if told.is_empty() { 3 } else { 1 };
        assert_eq!(measured.status, status, "{body} {own}: {}", measured.said);
        assert!(measured.said.len() < 50_000, "{body} {own}: {}", measured.said.len());
        assert!(measured.said.contains(told), "{body} {own}: {}", measured.said);
        assert!(measured.peak < ORDINARY + 64, "{body} {own}: {} MB", measured.peak);
    }
    let flood = Program::new("python3", scene.bastion.host())
        .args(["-c", FLOOD])
        .start();
    let listens = || world.sh("on bastion ss -ltnH | grep -c 10.20.0.2:5432 || :").trim() == "1";
    poll(DEADLINE, || listens().then_some(())).expect("the database listens");
    for own in [false, true] {
        let program = stitch_pg(&scene.ops)
            .args([
                "check",
                "--no-input",
                "--only",
                "database",
                "--via-bastion",
                "--timeout",
                "2",
            ])
            .args([
                "--sslmode",
                "disable",
                "--host",
                "10.20.0.2",
                "--admin-user",
                "postgres",
            ])
            .args(["--bastion", "root@gate", "--bastion-identity", "/run/world/tmp/ed25519"])
            .env("PGPASSWORD", "x")
            .env("STITCH_PG_PASSWORD", PASSWORD);
        let program = if own {
            program.args(["--ssh-command", "ssh"])
        } else {
            program
        };
        let began = Instant::now();
        let measured = measured("a database behind the tunnel", &scene.ops, &program);
        assert_eq!(measured.status, 1, "{own}: {}", measured.said);
        assert!(measured.said.contains("more than 1 MB"), "{own}: {}", measured.said);
        assert!(measured.peak < ORDINARY, "{own}: {} MB", measured.peak);
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{own}: {:?}",
            began.elapsed()
        );
    }
    flood.signal("TERM");
    flood.finish(DEADLINE);
}
