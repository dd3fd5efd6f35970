//! A CI system reads our output as its log. In no format can others give it orders there, and no text of others begins a
//! line: names, errors, greetings, answers and file names that hold line feeds and orders to GitHub's runner.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::leaks::shown::plain;
use crate::leaks::size::{hear, message, serving};
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Output, Place, Postgres, stitch_pg};

/// Orders to GitHub, Azure Pipelines and `TeamCity`, a heading of Buildkite, the end of a fence, a line of Markdown. It
/// holds no blank, so that folding does not begin a line with a part of it.
const HOSTILE: &str = "evil\n::error::own1\r\n\t::stop-commands::own2\n##[error]own3\n---own4\n```\n~~~\n<img/src=//own5>\n\
                       \u{fe0f}::add-mask::own6\n##vso[task.x]own7\n##teamcity[own8]";

/// The same in the middle of a text that is folded, wherever its blanks are.
const FOLDED: &str =
    "x ::error::own ::error::own ::error::own ::error::own ::error::own ::error::own ::error::own ::error::own";

const FORMATS: [&str; 5] = ["text", "markdown", "json", "junit", "github"];

/// What GitHub's runner knows (src/Runner.Worker/ActionCommandManager.cs), and a token that ends `stop-commands`.
const ORDERS: [&str; 16] = [
    "set-env",
    "set-output",
    "save-state",
    "add-path",
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "warning",
    "error",
    "notice",
    "debug",
    "group",
    "endgroup",
    "echo",
    "stop-commands",
    "own2",
];

/// As GitHub's runner finds an order in a line: its name.
fn order(line: &str) -> Option<String> {
    let ignored = |c: char| c.is_whitespace() || !c.is_ascii() && !c.is_alphanumeric();
    let name = |info: &str| info.split(' ').next().unwrap_or_default().to_owned();
    let first = line
        .trim_start_matches(ignored)
        .strip_prefix("::")
        .and_then(|rest| rest.split_once("::"));
    if let Some(order) = first
        .map(|(info, _)| name(info))
        .filter(|name| ORDERS.contains(&name.as_str()))
    {
        return Some(order);
    }
    let marked = line.split_once("##[").and_then(|(_, rest)| rest.split_once(']'));
    marked.map(|(info, _)| name(info))
}

/// Every line of both outputs.
#[track_caller]
fn obeyed_by_nobody(format: &str, output: &Output) {
    for (text, is_github) in [(&output.stdout, format == "github"), (&output.stderr, false)] {
        for line in plain(text).lines() {
            if is_github {
                let ours = ["::error title=", "::warning title=", "::notice title="];
                assert!(ours.iter().any(|start| line.starts_with(start)), "{line}\n{output:#?}");
                assert!(!line.contains('\r'), "{line}");
                continue;
            }
            assert_eq!(order(line), None, "{line}\n{output:#?}");
            for start in ["::error", "::stop", "::add", "##", "---own", "```own", "<img", "own"] {
                let is_heading =
                    start == "##" && format == "markdown" && (line.starts_with("## ") || line.starts_with("### "));
                assert!(
                    is_heading || !line.trim_start().starts_with(start),
                    "{format}: {line}\n{output:#?}"
                );
            }
            assert!(!line.contains("##vso[") && !line.contains("##teamcity["), "{line}");
        }
    }
    if format == "markdown" {
        in_fences(output);
    }
}

/// As `CommonMark` has it: every fence ends where ours does, and nothing of others stands outside one unescaped.
#[track_caller]
fn in_fences(output: &Output) {
    let mut fence = None;
    for line in output.stdout.lines() {
        let bare = line.trim_start();
        let ticks = bare.chars().take_while(|c| *c == '`').count();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            Some(open) if ticks >= open && bare.chars().all(|c| c == '`') => fence = None,
            Some(_) => {}
            None => assert!(!line.replace("\\<", "").contains("<img"), "{line}\n{output:#?}"),
        }
    }
    assert_eq!(fence, None, "{output:#?}");
    assert!(!output.stdout.lines().any(|line| line.trim() == "~~~"), "{output:#?}");
}

#[test]
fn names_of_a_server() {
    let server = Postgres::start();
    let name = |number: u8| format!("\"{}{number}\"", &HOSTILE[..30]);
    let (whole, folded) = (
        format!("\"{}\"", &HOSTILE[HOSTILE.len() - 62..]),
        format!("\"{}\"", &FOLDED[..60]),
    );
    let [owner, group, member] = [name(1), name(2), name(3)];
    // Not with a line feed: a setting cannot hold one.
    let schema = "\"##[error]own4 ::error::own\"".to_owned();
    server.psql(&format!(
        "create role {owner}; create role {group}; create role {member}; create role {whole}; create role {folded};
         create role stitch login password '{PASSWORD}' in role {group}, {whole}, {folded}; grant stitch to {member};
         create database stitch owner {owner}; alter role stitch set application_name = '{FOLDED}'"
    ));
    for table in [&owner, &whole, &folded] {
        for schema in [&schema, &"shop".to_owned()] {
            server.psql_in(
                "stitch",
                &format!(
                    "create schema if not exists {schema}; create table {schema}.{table} (_sdc_batched_at timestamptz,
                         _sdc_received_at timestamptz, _sdc_sequence bigint, _sdc_table_version bigint);
                     alter table {schema}.{table} owner to {owner}; create view {schema}.\"v{}\" as select 1",
                    table.trim_matches('"')
                ),
            );
        }
    }
    let wizard = Wizard::new(&server).flag("--existing").flag("--adopt-role");
    let wizard = wizard
        .flag("--schema=shop")
        .flag(&format!("--schema={}", schema.trim_matches('"')));
    let mut seen = String::new();
    for command in ["check", "plan", "remove"] {
        for format in FORMATS {
            for more in ["-v", "-q"] {
                let output = wizard
                    .program(command)
                    .args(["--no-input", "--format", format, more])
                    .run();
                obeyed_by_nobody(format, &output);
                seen += &output.stdout;
            }
        }
    }
    assert!(seen.contains("own1") && seen.contains("::error::own ::error"), "{seen}");
    let script = wizard
        .program("script")
        .args(["--for", "dba", "--from-plan", "--no-input"])
        .run();
    obeyed_by_nobody("sql", &script);
    assert!(script.stdout.contains("U&\"evil\\+00000A::error"), "{script:#?}");
    // The names mean the same as before.
    for command in ["setup", "setup", "remove"] {
        let output = wizard
            .program(command)
            .args(["--yes", "--partial", "--no-input", "-v"])
            .run();
        obeyed_by_nobody("text", &output);
        if command == "setup" {
            let owners = "select count(*) from pg_tables where schemaname like '%own%' and tableowner = 'stitch'";
            assert_eq!(server.psql_in("stitch", owners), "3", "{output:#?}");
        }
    }
}

/// Text that a server sends instead of an answer.
#[test]
fn words_of_peers() {
    let refuses: fn(TcpStream) = |mut stream| {
        hear(&mut stream);
        let fields = format!("SFATAL\0VFATAL\0C28000\0M{HOSTILE} {FOLDED}\0D{HOSTILE}\0H{HOSTILE}\0\0");
        let _ = stream.write_all(&message(b'E', fields.as_bytes()));
        hear_out(stream);
    };
    let fails: fn(TcpStream) = |mut stream| {
        crate::leaks::size::login(&mut stream);
        let fields = format!("SERROR\0VERROR\0C42501\0M{HOSTILE} {FOLDED}\0D{HOSTILE}\0H{HOSTILE}\0\0");
        let _ = stream.write_all(&message(b'E', fields.as_bytes()));
        let _ = stream.write_all(&message(b'Z', b"I"));
        hear_out(stream);
    };
    let greets: fn(TcpStream) = |mut stream| {
        let _ = stream.write_all(format!("{HOSTILE}\r\nSSH-2.0-::error::own ##[error]own\r\n").as_bytes());
        hear_out(stream);
    };
    let answers: fn(TcpStream) = |mut stream| {
        let body = serde_json::json!({ "error": HOSTILE, "data": { "message": FOLDED, "bad_properties": [HOSTILE] } })
            .to_string();
        let head = format!(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        // An answer to nothing is none.
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all((head + &body).as_bytes());
        hear_out(stream);
    };
    for format in FORMATS {
        for serve in [refuses, fails] {
            let port = serving(serve).to_string();
            let output = asked(format)
                .args([
                    "--skip",
                    "allowlist",
                    "--sslmode",
                    "disable",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    &port,
                ])
                .run();
            assert_eq!(output.status, Some(1), "{output:#?}");
            assert!((output.stdout.clone() + &output.stderr).contains("own1"), "{output:#?}");
            obeyed_by_nobody(format, &output);
        }
        let bastion = format!("root@127.0.0.1:{}", serving(greets));
        let output = asked(format)
            .args([
                "--only",
                "ssh-user",
                "--bastion",
                &bastion,
                "--bastion-identity",
                "/nowhere",
                "--host",
                "db",
            ])
            .args([
                "--public-key",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl x",
            ])
            .run();
        assert_eq!(output.status, Some(1), "{output:#?}");
        obeyed_by_nobody(format, &output);
        let url = format!("http://127.0.0.1:{}", serving(answers));
        let output = asked(format)
            .args([
                "--only",
                "registration",
                "--register",
                "--insecure-api",
                "--no-ssl",
                "--host",
                "db",
                "--api-url",
                &url,
            ])
            .env("STITCH_ACCESS_TOKEN", "ac_x")
            .run();
        assert_eq!(output.status, Some(1), "{output:#?}");
        assert!((output.stdout.clone() + &output.stderr).contains("own1"), "{output:#?}");
        obeyed_by_nobody(format, &output);
    }
}

/// Reads until the program closes: a connection that is closed with bytes unread is reset, and takes the answer with it.
fn hear_out(mut stream: TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

fn asked(format: &str) -> crate::support::Program {
    stitch_pg(Place::Here)
        .args([
            "check",
            "--no-input",
            "--timeout",
            "3",
            "--format",
            format,
            "--admin-user",
            "postgres",
        ])
        .env("PGPASSWORD", "x")
        .env("STITCH_PG_PASSWORD", PASSWORD)
}

/// What the user gives may come from elsewhere: a checkout, a pull request's title.
#[test]
fn names_and_contents_of_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let odd = folder.path().join("x\n::error::own\n##[error]own");
    std::fs::create_dir(&odd).expect("the folder is ours");
    let file = |name: &str, text: &str| {
        let path = odd.join(name);
        std::fs::write(&path, text).expect("the folder is ours");
        path.display().to_string()
    };
    let missing = odd.join("missing").display().to_string();
    let order = "::error::own = 1\n";
    let configs = [
        file(
            "unknown.toml",
            "\"a\\n::error::own\\n##[error]own\" = 1\n\"::error::own\" = 2\n",
        ),
        file("broken.toml", order),
        file("value.toml", "[stitch]\nregion = \"x\\n::error::own::y\"\nrole = 7\n"),
        missing.clone(),
    ];
    for format in FORMATS {
        for config in &configs {
            obeyed_by_nobody(format, &asked(format).args(["--config", config]).run());
        }
        for flag in [
            "--password-file",
            "--public-key-file",
            "--hba-file",
            "--allow-list-json",
            "--sslrootcert",
            "--service",
        ] {
            for value in [
                &missing,
                &file("order", order),
                &"a\n::error::own\n##[error]own".to_owned(),
            ] {
                let output = asked(format)
                    .args(["--host", "127.0.0.1", "--port", "1", flag, value])
                    .run();
                obeyed_by_nobody(format, &output);
            }
        }
        for words in [
            ["--region", "x\n::error::own"],
            ["--only", "x\n::error::own"],
            ["--x\n::error::own", "y"],
            ["--port", "\n##[error]x"],
        ] {
            obeyed_by_nobody(format, &asked(format).args(words).run());
        }
    }
}
