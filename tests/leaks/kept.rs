//! Secrets come out nowhere: whole setups, direct and through a tunnel, with everything that can listen listening at its
//! loudest: both servers' logs, `-vv`, and strace on us and on all that we start.

use std::fs;
use std::path::Path;

use crate::needles::{Needle, none_in};
use crate::scene::Scene;
use crate::stitch::{FakeStitch, TOKEN};
use crate::support::sshd::CAROL_PASSWORD;
use crate::support::{
    BastionOptions, Host, Need, Place, Postgres, PostgresOptions, Program, STITCH_PG, SshKey, stitch_pg, way_out, world,
};

/// Spelt differently in a URL, in SQL, in JSON and in a shell.
const ADMIN: &str = "adm!n's \\p%ss/+w\"rd 4711é";
const STITCH: &str = "st!tch's \\p%ss/+w\"rd 0815ü";
const PASSPHRASE: &str = "open's \\s%same/+ \"now\" 2342";

fn needles() -> Vec<Needle> {
    vec![
        Needle::new("the admin's password", ADMIN),
        Needle::new("the Stitch role's password", STITCH),
        Needle::new("the passphrase", PASSPHRASE),
        Needle::new("the sudo password", CAROL_PASSWORD),
        Needle::new("the token", TOKEN),
    ]
}

/// A server that logs everything, whose superuser has a password worth hiding.
fn loud<'a>(world: &'a crate::support::World, host: Option<&Host>) -> (Postgres<'a>, usize) {
    let options = PostgresOptions::new()
        .log_statements()
        .conf("log_min_error_statement", "error")
        .conf("log_min_messages", "debug1")
        .conf("log_error_verbosity", "verbose");
    let server = Postgres::start_in(world, host, options);
    server.psql(&format!(
        "ALTER ROLE postgres PASSWORD {}",
        stitch_pg::sql::literal(ADMIN)
    ));
    let logged = server.log().len();
    (server, logged)
}

/// The program under strace, which writes down every program that is started with its arguments and environment, every
/// file that is opened and everything that is written.
fn traced(place: impl Into<Place>, trace: &str) -> Program {
    Program::new("strace", place)
        .args([
            "-f",
            "-v",
            "-xx",
            "-s",
            "65536",
            "-e",
            "trace=execve,write,writev,pwrite64,openat",
            "-o",
            trace,
        ])
        .arg(STITCH_PG)
}

/// The trace in plain bytes, without the first line: that is the start of the program itself, which is given secrets.
fn decoded(trace: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(trace);
    text.lines()
        .skip(1)
        .map(|line| {
            let mut bytes = Vec::new();
            let mut rest = line;
            while let Some((before, code)) = rest.split_once("\\x") {
                bytes.extend(before.as_bytes());
                match code.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()) {
                    Some(byte) => {
                        bytes.push(byte);
                        rest = &code[2..];
                    }
                    None => rest = code,
                }
            }
            bytes.extend(rest.as_bytes());
            String::from_utf8_lossy(&bytes).into_owned()
        })
        .collect()
}

/// Every file of a folder but these.
#[track_caller]
fn files_are_clean(needles: &[Needle], folder: &Path, but: &[&str]) {
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let entry = entry.expect("readable");
        let name = entry.file_name().to_string_lossy().into_owned();
        if !but.contains(&name.as_str()) {
            none_in(needles, &name, &fs::read(entry.path()).expect("a readable file"));
            seen += 1;
        }
    }
    assert!(seen > 0, "nothing was written into {}", folder.display());
}

/// As somebody who has to give a passphrase, a sudo password and a password in a URL.
#[test]
fn through_a_tunnel_at_a_terminal() {
    let Some(world) = world("through_a_tunnel_at_a_terminal", &[Need::Bastion]) else {
        return;
    };
    world.sh_with(
        "ssh-keygen -q -t ed25519 -C locked -N \"$1\" -f /run/world/tmp/locked; mkdir /run/world/out",
        &[PASSPHRASE],
        b"",
    );
    let key = SshKey {
        path: world.outside("/run/world/tmp/locked"),
        passphrase: Some(PASSPHRASE),
    };
    let private = fs::read_to_string(&key.path).expect("it was made");
    let options = BastionOptions::new()
        .config("LogLevel DEBUG3")
        .config("AllowTcpForwarding yes")
        .authorize(&key);
    let scene = Scene::new(&world, options);
    let host = world.host("db", &[("inner", "10.20.0.3/24")]);
    let (server, logged) = loud(&world, Some(&host));
    let url: String = url::form_urlencoded::byte_serialize(ADMIN.as_bytes())
        .collect::<String>()
        .replace('+', "%20");
    let mut all = needles();
    // A line out of the middle of the key, and the key as it is in memory.
    let line = private.lines().nth(3).expect("a key has lines");
    all.push(Needle::new("the private key", line));
    let program = |command: &str, trace: &str| {
        traced(&scene.ops, trace)
            .args([
                command,
                "--yes",
                "-vv",
                "--skip",
                "allowlist,registration",
                "--prove-tunnel",
            ])
            .args([
                "--via-bastion",
                "--bastion",
                "carol@198.51.100.20",
                "--bastion-identity",
                "/run/world/tmp/locked",
            ])
            .args(["--database", "stitch", "--new", "--public-key", &scene.public()])
            .args([
                "--report",
                "/run/world/out/report.json",
                "--undo",
                "/run/world/out/undo.sh",
                "--sheet",
                "/run/world/out/sheet.txt",
            ])
            .env(
                "DATABASE_URL",
                format!("postgresql://postgres:{url}@10.20.0.3/postgres"),
            )
            .env("STITCH_PG_PASSWORD", STITCH)
            .env("STITCH_PG_SUDO_PASSWORD", CAROL_PASSWORD)
    };
    for (round, last) in [("first", "Ready: every change"), ("second", "Ready: nothing to change")] {
        let mut terminal = program("setup", &format!("/run/world/out/trace-{round}")).terminal(100, 40);
        terminal.expect("Passphrase of /run/world/tmp/locked");
        terminal.send_line(PASSPHRASE);
        terminal.expect(last);
        assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
        none_in(&all, "the terminal", terminal.raw());
        let trace = fs::read(world.outside(format!("/run/world/out/trace-{round}"))).expect("strace wrote it");
        let lines = decoded(&trace);
        assert!(lines.len() > 100, "{lines:#?}");
        none_in(&all, "the trace", lines.join("\n").as_bytes());
        fs::remove_file(world.outside(format!("/run/world/out/trace-{round}"))).expect("it is ours");
    }
    files_are_clean(&all, &world.outside("/run/world/out"), &[]);
    none_in(&all, "PostgreSQL's log", &server.log().as_bytes()[logged..]);
    none_in(&all, "sshd's log", scene.bastion.log().as_bytes());
    assert!(
        server.log()[logged..].contains("CREATE ROLE") && scene.bastion.log().contains("debug"),
        "nothing was logged"
    );
}

/// As CI does: the login's password from a password file, a generated one for Stitch, a token, every kind of document.
#[test]
fn straight_from_a_script() {
    let Some(world) = world("straight_from_a_script", &[]) else {
        return;
    };
    let (server, logged) = loud(&world, None);
    server.psql("CREATE ROLE loader; CREATE DATABASE stitch");
    server.psql_in(
        "stitch",
        "CREATE SCHEMA shop AUTHORIZATION loader; CREATE TABLE shop.t (_sdc_batched_at timestamptz, _sdc_received_at timestamptz,
             _sdc_sequence bigint, _sdc_table_version bigint); ALTER TABLE shop.t OWNER TO loader",
    );
    let stitch = FakeStitch::start();
    let (port, _way) = way_out(&server, 7001, stitch.port());
    world.sh("mkdir /run/world/out; umask 077; mkdir /run/world/given");
    let escaped = ADMIN.replace('\\', "\\\\").replace(':', "\\:");
    let given = |name: &str, text: &str| {
        let file = world.outside(format!("/run/world/given/{name}"));
        fs::write(&file, text).expect("the world is writable");
        world.sh_with("chmod 600 \"/run/world/given/$1\"", &[name], b"");
    };
    given("pgpass", &format!("127.0.0.1:*:*:postgres:{escaped}\n"));
    given("admin", &format!("{ADMIN}\n"));
    given("wrong", &format!("{STITCH}\n"));
    let settings = [
        "--host",
        "127.0.0.1",
        "--admin-user",
        "postgres",
        "--skip",
        "allowlist",
        "--existing",
        "--schema",
        "shop",
        "-vv",
    ];
    let register = format!("http://127.0.0.1:{port}");
    let registering = [
        "--register",
        "--insecure-api",
        "--send-password",
        "--wait",
        "30",
        "--api-url",
        &register,
    ];
    let setup = traced(&world, "/run/world/out/trace")
        .args([
            "setup",
            "--yes",
            "--no-input",
            "--format",
            "json",
            "--generate-password",
            "--password-file",
            "/run/world/given/generated",
        ])
        .args([
            "--report",
            "/run/world/out/report.json",
            "--undo",
            "/run/world/out/undo.sh",
            "--sheet",
            "/run/world/out/sheet.json",
        ])
        .args(settings)
        .args(registering)
        .env("PGPASSFILE", "/run/world/given/pgpass")
        .env("STITCH_ACCESS_TOKEN", TOKEN)
        .run();
    assert_eq!(setup.status, Some(0), "{setup:#?}");
    let generated = fs::read_to_string(world.outside("/run/world/given/generated")).expect("it was made");
    let mut all = needles();
    all.push(Needle::new("the generated password", generated.trim_end()));
    none_in(
        &all,
        "what it said",
        format!("{}{}", setup.stdout, setup.stderr).as_bytes(),
    );
    let mode = world.sh("stat -c '%a %U' /run/world/given/generated");
    assert_eq!(mode.trim(), "600 root");
    // It is written once, into the file that was asked for, which must not have been there.
    let trace = fs::read(world.outside("/run/world/out/trace")).expect("strace wrote it");
    let lines = decoded(&trace);
    let opened = lines
        .iter()
        .find(|line| line.contains("given/generated") && line.contains("O_CREAT"));
    assert!(
        opened.is_some_and(|line| line.contains("O_EXCL") && line.contains("0600")),
        "{opened:?}"
    );
    let written = |line: &&String| line.contains("write(") && line.contains(generated.trim_end());
    assert_eq!(lines.iter().filter(written).count(), 1);
    let rest: Vec<&str> = lines.iter().filter(|line| !written(line)).map(String::as_str).collect();
    none_in(&all, "the trace", rest.join("\n").as_bytes());
    fs::remove_file(world.outside("/run/world/out/trace")).expect("it is ours");
    // What goes wrong, and every document.
    let run = |words: &[&str], secret: (&str, &str)| {
        let output = stitch_pg(&world)
            .args(words)
            .args(["--no-input", "--password-file", "/run/world/given/generated"])
            .args(settings)
            .args(registering)
            .env("STITCH_ACCESS_TOKEN", TOKEN)
            .env(secret.0, secret.1)
            .run();
        none_in(
            &all,
            &words.join(" "),
            format!("{}{}", output.stdout, output.stderr).as_bytes(),
        );
        output.status
    };
    for format in ["text", "json", "markdown", "junit", "github"] {
        let status = run(
            &["check", "--format", format],
            ("PGPASSFILE", "/run/world/given/pgpass"),
        );
        // The password is to be sent, which is a change.
        assert_eq!(status, Some(3), "{format}");
        let status = run(&["check", "--format", format], ("PGPASSWORD", STITCH));
        assert_eq!(status, Some(1), "{format}");
    }
    for words in [
        &["script"][..],
        &["script", "--from-plan"],
        &["plan", "--admin-password-file", "/run/world/given/admin"],
    ] {
        assert_eq!(
            run(words, ("PGPASSFILE", "/run/world/given/pgpass")),
            Some(0),
            "{words:?}"
        );
    }
    let wrong = run(
        &["setup", "--yes", "--admin-password-file", "/run/world/given/wrong"],
        ("TERM", "dumb"),
    );
    assert_eq!(wrong, Some(1));
    files_are_clean(&all, &world.outside("/run/world/out"), &[]);
    none_in(&all, "PostgreSQL's log", &server.log().as_bytes()[logged..]);
    assert!(server.log()[logged..].contains("ALTER TABLE"), "nothing was logged");
    // A link in the way of the generated password is not followed, wherever it leads.
    world.sh("ln -s /run/world/given/elsewhere /run/world/given/link");
    let linked = stitch_pg(&world)
        .args([
            "setup",
            "--yes",
            "--no-input",
            "--generate-password",
            "--reset-password",
            "--password-file",
            "/run/world/given/link",
        ])
        .args(settings)
        .env("PGPASSFILE", "/run/world/given/pgpass")
        .run();
    assert!(matches!(linked.status, Some(1 | 2)), "{linked:#?}");
    assert!(!world.outside("/run/world/given/elsewhere").exists(), "{linked:#?}");
    // The same for a sheet, which may hold the password.
    world.sh("ln -s /run/world/given/elsewhere /run/world/given/sheet.txt");
    let sheet = stitch_pg(&world)
        .args([
            "check",
            "--no-input",
            "--password-file",
            "/run/world/given/generated",
            "--sheet",
            "/run/world/given/sheet.txt",
            "--sheet-password",
        ])
        .args(settings)
        .env("PGPASSFILE", "/run/world/given/pgpass")
        .run();
    assert!(sheet.stderr.contains("cannot write the sheet"), "{sheet:#?}");
    assert!(!world.outside("/run/world/given/elsewhere").exists());
}

/// Where this machine is the SSH server, shells are started here: with none of our secrets.
#[test]
fn programs_we_start_are_told_nothing() {
    let Some(world) = world("programs_we_start_are_told_nothing", &[]) else {
        return;
    };
    let output = traced(&world, "/run/world/tmp/trace")
        .args([
            "check",
            "--no-input",
            "--only",
            "ssh-user",
            "--bastion",
            "local",
            "--stitch-host",
            "192.0.2.10",
        ])
        .args([
            "--public-key",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        ])
        .env("PGPASSWORD", ADMIN)
        .env("DATABASE_URL", "postgresql://u:url-secret-4711@127.0.0.1/postgres")
        .env("STITCH_PG_PASSWORD", STITCH)
        .env("STITCH_PG_SUDO_PASSWORD", CAROL_PASSWORD)
        .env("STITCH_ACCESS_TOKEN", TOKEN)
        .run();
    let lines = decoded(&fs::read(world.outside("/run/world/tmp/trace")).expect("strace wrote it"));
    let started: Vec<&String> = lines.iter().filter(|line| line.contains("execve(")).collect();
    assert!(started.iter().any(|line| line.contains("/bin/sh")), "{output:#?}");
    assert!(
        started.iter().all(|line| line.contains("PATH=")),
        "an environment is not in the trace: {started:#?}"
    );
    let mut all = needles();
    all.push(Needle::new("the password in the URL", "url-secret-4711"));
    none_in(&all, "the trace", lines.join("\n").as_bytes());
    none_in(
        &all,
        "what it said",
        format!("{}{}", output.stdout, output.stderr).as_bytes(),
    );
}
