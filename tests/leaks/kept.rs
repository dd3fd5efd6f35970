//! Secrets come out nowhere: whole setups, direct and through a tunnel, with the most verbose output of both servers' logs,
//! `-vv`, and strace on us and on all that we start.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::cure::registration::stitch::{FakeStitch, TOKEN};
use crate::cure::ssh_user::scene::Scene;
use crate::leaks::needles::{Needle, none_in};
use crate::support::sshd::CAROL_PASSWORD;
use crate::support::{
    BastionOptions, Host, Need, Place, Postgres, PostgresOptions, Program, STITCH_PG, SshKey, World, stitch_pg,
    way_out, world,
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
fn loud<'a>(world: &'a World, host: Option<&Host>) -> (Postgres<'a>, usize) {
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
            "trace=execve,write,writev,pwrite64,openat,renameat2",
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

/// Every file of a folder.
#[track_caller]
fn files_are_clean(needles: &[Needle], folder: &Path) {
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let entry = entry.expect("readable");
        let name = entry.file_name().to_string_lossy().into_owned();
        none_in(needles, &name, &fs::read(entry.path()).expect("a readable file"));
        seen += 1;
    }
    assert!(seen > 0, "nothing was written into {}", folder.display());
}

/// As a user who has to give a passphrase, a sudo password and a password in a URL.
#[test]
fn through_a_tunnel_at_a_terminal() {
    let Some(world) = world(&[Need::Bastion]) else {
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
    let url = percent_encoding::utf8_percent_encode(ADMIN, percent_encoding::NON_ALPHANUMERIC).to_string();
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
            .args(["--database", "stitch", "--public-key", &scene.public()])
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
    let rounds: [(&str, &[&str]); 2] = [("new", &["--new"]), ("existing", &["--existing", "--schema", "shop"])];
    for (round, flags) in rounds {
        if round == "existing" {
            has_loaded_schema(&server);
        }
        let program = program("setup", &format!("/run/world/out/trace-{round}")).args(flags);
        let mut terminal = program.deadline(Duration::from_secs(180)).terminal(100, 40);
        terminal.expect("Passphrase of /run/world/tmp/locked");
        terminal.send_line(PASSPHRASE);
        terminal.expect(" made and verified.");
        assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
        none_in(&all, "the terminal", terminal.raw());
        let trace = fs::read(world.outside(format!("/run/world/out/trace-{round}"))).expect("strace wrote it");
        let lines = decoded(&trace);
        assert!(lines.len() > 100, "{lines:#?}");
        none_in(&all, "the trace", lines.join("\n").as_bytes());
        fs::remove_file(world.outside(format!("/run/world/out/trace-{round}"))).expect("it is ours");
    }
    files_are_clean(&all, &world.outside("/run/world/out"));
    none_in(&all, "PostgreSQL's log", &server.log().as_bytes()[logged..]);
    none_in(&all, "sshd's log", scene.bastion.log().as_bytes());
    assert!(
        server.log()[logged..].contains("CREATE ROLE") && scene.bastion.log().contains("debug"),
        "nothing was logged"
    );
}

/// A schema as Stitch leaves it, which belongs to another role.
fn has_loaded_schema(server: &Postgres<'_>) {
    server.psql("CREATE ROLE loader");
    server.psql_in(
        "stitch",
        "CREATE SCHEMA shop AUTHORIZATION loader; CREATE TABLE shop.t (_sdc_batched_at timestamptz, _sdc_received_at timestamptz,
             _sdc_sequence bigint, _sdc_table_version bigint); ALTER TABLE shop.t OWNER TO loader",
    );
}

const GENERATED: &str = "/run/world/given/generated";

/// As CI runs it, with the admin's password in a password file.
fn in_ci(program: Program, words: &[&str]) -> Program {
    program
        .args(words)
        .args([
            "--no-input",
            "--host",
            "127.0.0.1",
            "--admin-user",
            "postgres",
            "--skip",
            "allowlist",
            "-vv",
        ])
        .env("PGPASSFILE", "/run/world/given/pgpass")
}

/// The secrets in their files.
fn gives(world: &World) {
    world.sh("mkdir /run/world/out; umask 077; mkdir /run/world/given");
    let escaped = ADMIN.replace('\\', "\\\\").replace(':', "\\:");
    for (name, text) in [
        ("pgpass", format!("127.0.0.1:*:*:postgres:{escaped}\n")),
        ("admin", format!("{ADMIN}\n")),
        ("wrong", format!("{STITCH}\n")),
    ] {
        fs::write(world.outside(format!("/run/world/given/{name}")), text).expect("the world is writable");
        world.sh_with("chmod 600 \"/run/world/given/$1\"", &[name], b"");
    }
}

/// What is in the trace but the one line that writes the generated password, into a file that must not have been there.
#[track_caller]
fn written_once(lines: &[String], generated: &str) -> String {
    let moved = lines
        .iter()
        .find(|line| line.contains("renameat2(") && line.contains("\"generated\""));
    let moved = moved.expect("a complete file takes the name");
    assert!(moved.contains("RENAME_NOREPLACE"), "{moved}");
    let temporary = moved.split('"').nth(1).expect("a name");
    let opened = lines
        .iter()
        .find(|line| line.contains(temporary) && line.contains("O_CREAT"));
    let exclusive = opened.is_some_and(|line| line.contains("O_EXCL") && line.contains("0600"));
    assert!(exclusive, "{opened:?}");
    let written = |line: &&String| line.contains("write(") && line.contains(generated);
    assert_eq!(lines.iter().filter(written).count(), 1);
    let rest: Vec<&str> = lines.iter().filter(|line| !written(line)).map(String::as_str).collect();
    rest.join("\n")
}

/// As CI does: the login's password from a password file, a generated one for Stitch, a token, every kind of document.
#[test]
fn straight_from_a_script() {
    let Some(world) = world(&[]) else {
        return;
    };
    let (server, logged) = loud(&world, None);
    server.psql("CREATE DATABASE stitch");
    has_loaded_schema(&server);
    let stitch = FakeStitch::start();
    let (port, _way) = way_out(&server, 7001, stitch.port());
    gives(&world);
    let api = format!("http://127.0.0.1:{port}");
    let telling = |program: Program| {
        program
            .args(["--existing", "--schema", "shop", "--password-file", GENERATED])
            .args(["--register", "--insecure-api", "--send-password", "--api-url", &api])
            .env("STITCH_ACCESS_TOKEN", TOKEN)
    };
    let words = [
        "setup",
        "--yes",
        "--format",
        "json",
        "--generate-password",
        "--report",
        "/run/world/out/report.json",
    ];
    let setup = telling(in_ci(traced(&world, "/run/world/out/trace"), &words))
        .args([
            "--undo",
            "/run/world/out/undo.sh",
            "--sheet",
            "/run/world/out/sheet.json",
        ])
        .run();
    assert_eq!(setup.status, Some(0), "{setup:#?}");
    let generated = fs::read_to_string(world.outside(GENERATED)).expect("it was made");
    let mut all = needles();
    all.push(Needle::new("the generated password", generated.trim_end()));
    none_in(
        &all,
        "what it said",
        format!("{}{}", setup.stdout, setup.stderr).as_bytes(),
    );
    assert_eq!(world.sh(&format!("stat -c '%a %U' {GENERATED}")).trim(), "600 root");
    let trace = fs::read(world.outside("/run/world/out/trace")).expect("strace wrote it");
    let rest = written_once(&decoded(&trace), generated.trim_end());
    none_in(&all, "the trace", rest.as_bytes());
    fs::remove_file(world.outside("/run/world/out/trace")).expect("it is ours");
    // Every document, what goes wrong, and a new destination.
    let run = |program: Program| {
        let output = program.run();
        none_in(
            &all,
            "what it said",
            format!("{}{}", output.stdout, output.stderr).as_bytes(),
        );
        output.status
    };
    let told = |words: &[&str]| telling(in_ci(stitch_pg(&world), words));
    for format in ["text", "json", "markdown", "junit", "github"] {
        // The password is to be sent, which is a change.
        assert_eq!(run(told(&["check", "--format", format])), Some(3), "{format}");
        let refused = told(&["check", "--format", format]).env("PGPASSWORD", STITCH);
        assert_eq!(run(refused), Some(1), "{format}");
    }
    for words in [
        &["script"][..],
        &["script", "--from-plan"],
        &["plan", "--admin-password-file", "/run/world/given/admin"],
    ] {
        assert_eq!(run(told(words)), Some(0), "{words:?}");
    }
    let wrong = ["setup", "--yes", "--admin-password-file", "/run/world/given/wrong"];
    assert_eq!(run(told(&wrong)), Some(1));
    let another = ["setup", "--yes", "--new", "--database", "another", "--role", "another"];
    assert_eq!(
        run(in_ci(stitch_pg(&world), &another).env("STITCH_PG_PASSWORD", STITCH)),
        Some(0)
    );
    files_are_clean(&all, &world.outside("/run/world/out"));
    none_in(&all, "PostgreSQL's log", &server.log().as_bytes()[logged..]);
    assert!(server.log()[logged..].contains("ALTER TABLE"), "nothing was logged");
}

/// A link where a secret is to be written is not followed, wherever another user made it lead.
#[test]
fn links_are_not_followed() {
    let Some(world) = world(&[]) else {
        return;
    };
    let (_server, _) = loud(&world, None);
    gives(&world);
    world.sh("cd /run/world/given; ln -s elsewhere link; ln -s elsewhere sheet.txt");
    let words = [
        "setup",
        "--yes",
        "--generate-password",
        "--password-file",
        "/run/world/given/link",
    ];
    let linked = in_ci(stitch_pg(&world), &words).run();
    assert!(matches!(linked.status, Some(1 | 2)), "{linked:#?}");
    let words = [
        "setup",
        "--yes",
        "--sheet",
        "/run/world/given/sheet.txt",
        "--sheet-password",
    ];
    let sheet = in_ci(stitch_pg(&world), &words).env("STITCH_PG_PASSWORD", STITCH).run();
    assert!(sheet.stderr.contains("cannot write the sheet"), "{sheet:#?}");
    assert!(!world.outside("/run/world/given/elsewhere").exists());
}

/// Where this machine is the SSH server, shells are started here: with none of our secrets.
#[test]
fn programs_we_start_are_told_nothing() {
    let Some(world) = world(&[]) else {
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
