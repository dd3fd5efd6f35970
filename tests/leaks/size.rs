//! What is sent in bulk is streamed or refused, and does not fill the memory. The peaks are printed; the bounds are generous.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::cure::ssh_user::scene::Scene;
use crate::leaks::floods;
use crate::support::process::{exit_code, spawn};
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{BastionOptions, Need, Place, Postgres, Program, stitch_pg, world};

/// The peak of its resident memory, in megabytes, with how it ended and what it printed.
pub(crate) struct Measured {
    pub(crate) status: i32,
    pub(crate) peak: usize,
    pub(crate) said: String,
}

/// Runs it and reads its peak until it ends.
#[track_caller]
pub(crate) fn measured(what: &str, place: impl Into<Place>, program: &Program) -> Measured {
    let place = place.into();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("said");
    let said = File::create(&path).expect("the folder is ours");
    let mut command = program.command();
    command.stdin(std::process::Stdio::null());
    command.stdout(said.try_clone().expect("a descriptor")).stderr(said);
    let mut child = spawn(&mut command);
    let pid = place.program_pid(child.id());
    let ours =
        || fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.to_string_lossy().contains("stitch-pg"));
    let mut peak = 0;
    let end = Instant::now() + Duration::from_secs(180);
    let status = loop {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let (Some(line), true) = (line, ours()) {
            let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
            peak = peak.max(kilobytes / 1024);
        }
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break exit_code(status);
        }
        assert!(Instant::now() < end, "{what} does not end");
        thread::sleep(Duration::from_millis(1));
    };
    let said = String::from_utf8_lossy(&fs::read(&path).expect("it was written")).into_owned();
    assert!(peak > 0, "{what} was over before it could be looked at: {said}");
    println!("{what}: peak {peak} MB, status {status}");
    Measured { status, peak, said }
}

/// What it does with nothing of size.
pub(crate) const ORDINARY: usize = 64;

#[test]
fn files_that_no_honest_one_exceeds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let rule = "host all all 192.0.2.1/32 scram-sha-256\n";
    fs::write(path("hba"), rule.repeat((10 << 20) / rule.len())).expect("the folder is ours");
    let mut list = "[".to_owned();
    for n in 0..600_000 {
        let _ = write!(
            list,
            "{{\"name\":\"rule-{n}\",\"startIpAddress\":\"192.0.2.1\",\"endIpAddress\":\"192.0.2.1\"}},"
        );
    }
    fs::write(path("list"), list + "{}]").expect("the folder is ours");
    let ask = |flags: &[&str]| {
        stitch_pg(Place::Here)
            .args([
                "plan",
                "--no-input",
                "--only",
                "allowlist",
                "--region",
                "europe",
                "--host",
                "192.0.2.10",
                "--timeout",
                "1",
            ])
            .args(flags)
            .env("PGPASSWORD", "x")
    };
    for (what, flags) in [
        ("a 10 MB --hba-file", ["--hba-file", &path("hba")]),
        ("a 40 MB --allow-list-json", ["--allow-list-json", &path("list")]),
        ("an endless --hba-file", ["--hba-file", "/dev/zero"]),
        ("an endless --allow-list-json", ["--allow-list-json", "/dev/zero"]),
    ] {
        let measured = measured(what, Place::Here, &ask(&flags));
        assert_eq!(measured.status, 2, "{}", measured.said);
        assert!(measured.said.contains("it is longer than 4 MiB"), "{}", measured.said);
        assert!(measured.peak < ORDINARY, "{what}: {} MB", measured.peak);
    }
    let endless = measured(
        "an endless --password-file",
        Place::Here,
        &ask(&["--password-file", "/dev/zero"]),
    );
    assert_eq!(endless.status, 2, "{}", endless.said);
    assert!(endless.said.contains("/dev/zero is too long"), "{}", endless.said);
    assert!(endless.peak < ORDINARY);
}

/// The server has read 10 MB of rules; so many are not asked for.
#[test]
fn ten_megabytes_of_rules_on_the_server() {
    let server = Postgres::start();
    let rule = "host nobody nobody 192.0.2.1/32 scram-sha-256\n";
    let rules = rule.repeat((10 << 20) / rule.len());
    let text = format!("local all postgres trust\nhost all postgres 127.0.0.1/32 scram-sha-256\n{rules}");
    fs::write(server.data_dir().join("pg_hba.conf"), text).expect("the data directory is ours");
    server.reload();
    let wizard = Wizard::new(&server).set("--skip", "database,ssh-user,role,ownership,connection,registration");
    let program = wizard.program("check").args(["--region", "europe", "--timeout", "60"]);
    let measured = measured("10 MB of rules on the server", &server, &program);
    assert!(matches!(measured.status, 1 | 3 | 4), "{}", measured.said);
    assert!(
        measured.said.contains("there are more than 10000 rules"),
        "{}",
        measured.said
    );
    assert!(measured.peak < ORDINARY, "{} MB", measured.peak);
}

/// Answers every connection in a thread of its own; the port.
pub(crate) fn serving(serve: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        listener.incoming().filter_map(Result::ok).for_each(|stream| {
            thread::spawn(move || serve(stream));
        });
    });
    port
}

#[test]
fn fifty_megabytes_from_an_api() {
    let port = serving(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 52428800\r\n\r\n[";
        let _ = stream.write_all(head.as_bytes());
        let part = "{\"id\":1,\"type\":\"postgres\",\"name\":\"x\"},".repeat(1000);
        while stream.write_all(part.as_bytes()).is_ok() {}
    });
    let program = stitch_pg(Place::Here)
        .args([
            "check",
            "--no-input",
            "--only",
            "registration",
            "--register",
            "--insecure-api",
            "--no-ssl",
            "--host",
            "db",
        ])
        .args(["--api-url", &format!("http://127.0.0.1:{port}")])
        .env("STITCH_ACCESS_TOKEN", "ac_x")
        .env("STITCH_PG_PASSWORD", PASSWORD);
    let measured = measured("50 MB from an API", Place::Here, &program);
    assert_eq!(measured.status, 1, "{}", measured.said);
    assert!(measured.said.contains("is longer than"), "{}", measured.said);
    assert!(measured.peak < ORDINARY + 32, "{} MB", measured.peak);
}

/// A message of the protocol.
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("short");
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

fn flood(stream: &mut TcpStream) {
    let many = floods::notice().repeat(100);
    while stream.write_all(&many).is_ok() {}
}

/// Refuses a request for TLS, which also shows the client that this is PostgreSQL; then reads the login.
pub(crate) fn hear(stream: &mut TcpStream) {
    let mut heard = [0; 4096];
    if stream.read(&mut heard).is_ok_and(|length| length == 8) {
        let _ = stream.write_all(b"N");
        let _ = stream.read(&mut heard);
    }
}

pub(crate) fn login(stream: &mut TcpStream) {
    hear(stream);
    let ready = [message(b'R', &[0; 4]), message(b'K', &[0; 8]), message(b'Z', b"I")].concat();
    let _ = stream.write_all(&ready);
    let _ = stream.read(&mut [0; 4096]);
}

#[test]
fn notices_without_end() {
    type Case = (&'static str, fn(TcpStream), &'static str);
    let cases: [Case; 3] = [
        (
            "notices before the login",
            |mut stream| {
                hear(&mut stream);
                let _ = stream.write_all(&message(b'R', &[0; 4]));
                flood(&mut stream);
            },
            "the server sends more than 1 MB before the login",
        ),
        (
            "notices in place of an answer",
            |mut stream| {
                login(&mut stream);
                flood(&mut stream);
            },
            "2 s",
        ),
        (
            "a message of 2 GB",
            |mut stream| {
                login(&mut stream);
                let _ = stream.write_all(&[b'D', 0x7f, 0xff, 0xff, 0xff]);
                while stream.write_all(&[0; 8192]).is_ok() {}
            },
            "the server sends a message of 2147483643 bytes, more than the limit of 256 MB; PostgreSQL never does that; \
             the connection was closed at the layer protocol\\nnext: ",
        ),
    ];
    for (what, serve, told) in cases {
        let port = serving(serve);
        let program = stitch_pg(Place::Here)
            .args([
                "check",
                "--no-input",
                "--only",
                "database",
                "--sslmode",
                "disable",
                "--host",
                "127.0.0.1",
                "--timeout",
                "2",
            ])
            .args([
                "--port",
                &port.to_string(),
                "--admin-user",
                "postgres",
                "--format",
                "json",
            ])
            .env("PGPASSWORD", "x")
            .env("STITCH_PG_PASSWORD", PASSWORD);
        let measured = measured(what, Place::Here, &program);
        assert_eq!(measured.status, 1, "{}", measured.said);
        assert!(measured.said.contains(told), "{what}: {}", measured.said);
        assert!(measured.peak < ORDINARY, "{what}: {} MB", measured.peak);
    }
}

/// Keys of others, twenty megabytes of them.
#[test]
fn a_huge_file_of_keys() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl other";
    scene.bastion.run(&format!(
        "f=$(getent passwd stitch | cut -d: -f6)/.ssh/authorized_keys; yes '{key}' | head -c 20000000 >\"$f.new\"; echo >>\"$f.new\"
         cat \"$f\" >>\"$f.new\"; cat \"$f.new\" >\"$f\"; rm \"$f.new\""
    ));
    let program = scene.program("check", "root", "stitch").args(["--timeout", "30"]);
    let measured = measured("20 MB of authorized_keys", &scene.ops, &program);
    assert_eq!(measured.status, 1, "{}", measured.said);
    assert!(
        measured
            .said
            .contains("has more than 10,000 lines or 1 MiB, which is too large for a key file"),
        "{}",
        measured.said
    );
    assert!(measured.peak < 128, "{} MB", measured.peak);
}
