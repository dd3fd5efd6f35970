//! Peers that are no PostgreSQL server, inside the world: this test binary started again there, since only a process of
//! its own can live in another network.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::faults::bench;
use crate::faults::middle;
use crate::support::{Place, Running, spawn};

/// Says that this process is the peers.
const PEERS: &str = "STITCH_PG_TEST_PEERS";

/// Each kind of peer, and its port.
pub(crate) const SILENT: u16 = 7101;
pub(crate) const HANGS_UP: u16 = 7102;
pub(crate) const RESETS: u16 = 7103;
pub(crate) const HTTP: u16 = 7104;
pub(crate) const SSH: u16 = 7105;
pub(crate) const MYSQL: u16 = 7106;
pub(crate) const MAIL: u16 = 7107;
pub(crate) const TLS_FIRST: u16 = 7108;
pub(crate) const BABBLE: u16 = 7109;
pub(crate) const NO_TLS_ANSWER: u16 = 7110;
pub(crate) const FULL: u16 = 7111;
pub(crate) const NEON: u16 = 7112;
pub(crate) const MIDDLE: u16 = 7113;
pub(crate) const DRIPS: u16 = 7114;
pub(crate) const DRIPS_IN_TLS: u16 = 7115;
pub(crate) const ASKS_AND_WAITS: u16 = 7116;
pub(crate) const SSH_DRIPS: u16 = 7117;
pub(crate) const SSH_DRIPS_KEYS: u16 = 7118;
/// No process listens there.
pub(crate) const NOBODY: u16 = 7199;

/// Starts them all.
pub(crate) fn start(place: &Place) -> Running {
    let this = std::env::current_exe().expect("a test is a program");
    let mut command = place.command(this);
    command
        .args(["--exact", "faults::peers::the_peers", "--nocapture"])
        .env(PEERS, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let mut child = spawn(&mut command);
    let stdout = child.stdout.take().expect("the pipe asked for");
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with(PEERS)), "the peers did not start");
    thread::spawn(move || lines.for_each(drop));
    Running::new(child, place.clone())
}

/// Not a test, but what [`start`] runs.
#[test]
fn the_peers() {
    if std::env::var_os(PEERS).is_none() {
        return;
    }
    let peers: [(u16, fn(TcpStream)); 17] = [
        (SILENT, |stream| {
            thread::sleep(Duration::from_secs(120));
            drop(stream);
        }),
        (HANGS_UP, |mut stream| {
            // What came in and was not read would make a reset of it.
            let _ = stream.shutdown(Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }),
        (RESETS, |stream| {
            let _ = rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO));
        }),
        (HTTP, http),
        (SSH, |stream| says(stream, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")),
        (MYSQL, |stream| says(stream, b"J\0\0\0\x0a8.0.36\0")),
        (MAIL, |stream| says(stream, b"220 mail.example.com ESMTP\r\n")),
        (TLS_FIRST, tls_first),
        (BABBLE, |stream| says(stream, b"\xff\xfe\xfd hello")),
        (NO_TLS_ANSWER, |mut stream| {
            let _ = stream.read(&mut [0; 64]);
            says(stream, b"S\x15\x03\x01\0\x02\x02\x28");
        }),
        (NEON, |mut stream| {
            let _ = stream.read(&mut [0; 512]);
            says(stream, b"E\0\0\0\x31SFATAL\0C08P01\0MEndpoint ID is not specified\0\0");
        }),
        (DRIPS, |stream| {
            drips(stream, b"N", b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0");
        }),
        (DRIPS_IN_TLS, |stream| {
            drips(stream, b"S", b"\x16\x03\x03\x40\0\x02\0\x3f\xfc");
        }),
        (ASKS_AND_WAITS, |mut stream| {
            let _ = stream.read(&mut [0; 8]);
            let _ = stream.write_all(b"N");
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0");
            thread::sleep(Duration::from_secs(120));
        }),
        (SSH_DRIPS, |mut stream| {
            let _ = stream.write_all(b"SSH-2.0-");
            drip(&mut stream, b"OpenSSH");
        }),
        (SSH_DRIPS_KEYS, |stream| {
            drips(stream, b"SSH-2.0-OpenSSH_9.2\r\n", b"\0\0\x04\0");
        }),
        (MIDDLE, |stream| middle::relay(stream, ("127.0.0.1", bench::MAIN_PORT))),
    ];
    for (port, treat) in peers {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the world's port is free");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || treat(stream));
            }
        });
    }
    // Connections that are not accepted fill the queue; the kernel drops the packets of those behind them.
    let full = TcpListener::bind(("127.0.0.1", FULL)).expect("the world's port is free");
    let address = full.local_addr().expect("the address just bound");
    let queued: Vec<_> = (0..400)
        .map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok())
        .collect();
    println!("\n{PEERS}");
    loop {
        thread::sleep(Duration::from_secs(600));
        assert!(!queued.is_empty());
    }
}

/// Answers, and goes on by a byte a second.
fn drips(mut stream: TcpStream, answer: &[u8], rest: &[u8]) {
    let _ = stream.read(&mut [0; 512]);
    let _ = stream.write_all(answer);
    drip(&mut stream, rest);
}

/// So slowly that every wait for a byte is short and the whole is endless.
fn drip(stream: &mut TcpStream, bytes: &[u8]) {
    for byte in bytes.iter().cycle().take(120) {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_secs(1));
    }
}

fn says(mut stream: TcpStream, text: &[u8]) {
    let _ = stream.write_all(text);
    thread::sleep(Duration::from_secs(5));
}

/// As every HTTP server: reads up to the end of the head before it answers.
fn http(mut stream: TcpStream) {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        request.extend(byte);
    }
    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
}

/// As a server that speaks TLS from the first byte: whatever is no hello of a client is answered with an alert.
fn tls_first(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 64]);
    let _ = stream.write_all(b"\x15\x03\x01\0\x02\x02\x28");
}
