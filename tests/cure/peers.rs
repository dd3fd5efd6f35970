//! Peers that are no PostgreSQL server, or do not answer: every one is named, within `--timeout`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use std::{mem, thread};

use crate::support::wizard::{PASSWORD, Said};
use crate::support::{Place, Postgres, Program};

/// The program on this machine, before a port of its loopback.
fn check(host: &str, port: u16) -> Said {
    let program = Program::new(crate::support::STITCH_PG, Place::Here)
        .args(["check", "--format", "json", "--skip", "allowlist", "--timeout", "2"])
        .args(["--host", host, "--port", &port.to_string(), "--admin-user", "postgres"])
        .env("PGPASSWORD", "admin-secret")
        .env("STITCH_PG_PASSWORD", PASSWORD);
    Said::of(program.run()).exits(1)
}

/// A peer that treats every connection alike, for as long as the test runs.
fn peer(treat: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("the address just bound").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || treat(stream));
        }
    });
    port
}

#[track_caller]
fn says(said: &Said, part: &str) {
    let error = said.error();
    assert!(error.contains(part) && error.contains("next: "), "{error}");
}

#[test]
fn an_http_server() {
    let port = peer(|mut stream| {
        let mut request = Vec::new();
        let mut byte = [0];
        // As every HTTP server: reads up to the end of the head before it answers.
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
            request.extend(byte);
        }
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
    });
    says(&check("127.0.0.1", port), "answers like an HTTP server");
}

#[test]
fn an_ssh_server() {
    let port = peer(|mut stream| {
        drop(stream.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));
        thread::sleep(Duration::from_secs(5));
    });
    says(&check("127.0.0.1", port), "answers like an SSH server");
}

#[test]
fn a_mysql_server() {
    let port = peer(|mut stream| {
        drop(stream.write_all(b"J\0\0\0\x0a8.0.36\0"));
        thread::sleep(Duration::from_secs(5));
    });
    says(&check("127.0.0.1", port), "answers like a MySQL server");
}

#[test]
fn a_server_that_hangs_up() {
    // With bytes unread it would be a reset.
    let port = peer(|mut stream| drop(stream.read(&mut [0; 64])));
    says(
        &check("127.0.0.1", port),
        "closed the connection before the login was complete",
    );
}

#[test]
fn a_server_that_never_answers() {
    let port = peer(|stream| {
        thread::sleep(Duration::from_secs(60));
        drop(stream);
    });
    let began = Instant::now();
    says(&check("127.0.0.1", port), "did not answer within 2 s");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
}

#[test]
fn a_port_nobody_listens_on() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().as_ref().map_or(1, SocketAddr::port);
    drop(listener);
    says(&check("127.0.0.1", port), "connection refused");
}

#[test]
fn a_full_backlog_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("the address just bound");
    // Connections that are not accepted fill the queue; the kernel drops the packets of those behind them.
    let queued: Vec<_> = (0..400)
        .map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok())
        .collect();
    let began = Instant::now();
    says(&check("127.0.0.1", address.port()), "no answer from 127.0.0.1");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    mem::drop((queued, listener));
}

#[test]
fn a_name_that_does_not_resolve() {
    let server = Postgres::start(); // its world asks no name server
    let wizard = crate::support::wizard::Wizard::new(&server);
    let said = wizard.clone().set("--host", "no-such-host.invalid").check().exits(1);
    says(&said, "no-such-host.invalid does not resolve");
    // For Stitch's own login it is a finding, since the rest can be checked.
    wizard.setup().exits(0);
    let said = wizard.set("--stitch-host", "no-such-host.invalid").check().exits(4);
    said.bad_are(&["login-host-not-found"]);
}

#[test]
fn what_stitch_dials_is_told_apart() {
    let server = Postgres::start();
    let wizard = crate::support::wizard::Wizard::new(&server);
    wizard.setup().exits(0);
    let said = wizard.clone().set("--stitch-port", "1").check().exits(4);
    said.bad_are(&["login-tcp-refused"]);
    let said = wizard.env("PGPASSWORD", "wrong").check().exits(1);
    says(&said, "refused the password of \"postgres\"");
    assert_eq!(said.outcome("role"), "untested");
}
