//! Advice names where the value came from: the flag, the variable or the line of a file.

use std::fs;

use crate::support::wizard::{PASSWORD, Said, Wizard};
use crate::support::{Place, Postgres, Program};

/// What the error, or the bad finding of that code, advises.
#[track_caller]
fn advises(said: &Said, code: &str, names: &str) {
    let text = said.has(code, "bad");
    let advice = text.lines().skip(1).collect::<Vec<_>>().join("\n");
    let is_named =
        advice.split([' ', ',', ';']).any(|word| word == names) || names.contains(' ') && advice.contains(names);
    assert!(is_named, "{names}: {advice}");
}

#[test]
fn stitchs_own_address() {
    let server = Postgres::start();
    let wizard = Wizard::new(&server);
    wizard.setup().exits(0);
    let wrong_host = wizard
        .clone()
        .set("--stitch-host", "no-such-host.invalid")
        .check()
        .exits(4);
    advises(&wrong_host, "login-host-not-found", "--stitch-host");
    let wrong_port = wizard.clone().set("--stitch-port", "1").check().exits(4);
    advises(&wrong_port, "login-tcp-refused", "--stitch-port");
    let said = wizard
        .clone()
        .env("STITCH_PG_HOST", "no-such-host.invalid")
        .check()
        .exits(4);
    advises(&said, "login-host-not-found", "STITCH_PG_HOST");
    let said = wizard.clone().env("STITCH_PG_PORT", "1").check().exits(4);
    advises(&said, "login-tcp-refused", "STITCH_PG_PORT");
}

/// Arguments, variables, the code that comes of them, and what the advice names.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str, &'a str);

/// The administrator's: each way in which it can be given.
#[test]
fn the_administrators_address() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("s.toml"), "[admin]\nhost = \"no-such-host.invalid\"\n").expect("a file of ours");
    fs::write(at("p.toml"), "[admin]\nhost = \"127.0.0.1\"\nport = 1\n").expect("a file of ours");
    fs::write(at("services"), "[dw]\nhost=no-such-host.invalid\nport=1\n").expect("a file of ours");
    let url = "postgres://postgres@no-such-host.invalid:1/postgres";
    let file_line = format!("{}:2: admin.host", at("s.toml"));
    let port_line = format!("{}:3: admin.port", at("p.toml"));
    let service_line = format!("the host in {}:2", at("services"));
    let cases: &[Case<'_>] = &[
        (
            &["--host", "no-such-host.invalid"],
            &[],
            "login-host-not-found",
            "--host",
        ),
        (
            &["--host", "127.0.0.1", "--port", "1"],
            &[],
            "login-tcp-refused",
            "--port",
        ),
        (
            &[],
            &[("PGHOST", "no-such-host.invalid")],
            "login-host-not-found",
            "PGHOST",
        ),
        (
            &[],
            &[("PGHOST", "127.0.0.1"), ("PGPORT", "1")],
            "login-tcp-refused",
            "PGPORT",
        ),
        (&["--url", url], &[], "login-host-not-found", "the host in --url"),
        (
            &[],
            &[("DATABASE_URL", url)],
            "login-host-not-found",
            "the host in DATABASE_URL",
        ),
        (
            &["--service", "dw"],
            &[("PGSERVICEFILE", &at("services"))],
            "login-host-not-found",
            &service_line,
        ),
        (&["--config", &at("s.toml")], &[], "login-host-not-found", &file_line),
        (&["--config", &at("p.toml")], &[], "login-tcp-refused", &port_line),
    ];
    for (arguments, variables, code, names) in cases {
        let mut program = Program::new(crate::support::STITCH_PG, Place::Here)
            .args(["check", "--format", "json", "--skip", "allowlist", "--timeout", "3"])
            .args(["--admin-user", "postgres"])
            .args(*arguments)
            .env("PGPASSWORD", "x")
            .env("STITCH_PG_PASSWORD", PASSWORD);
        for (name, value) in *variables {
            program = program.env(name, value);
        }
        let said = Said::of(program.run()).exits(1);
        advises(&said, code, names);
    }
}

/// The SSH server's, and the one that Stitch connects to.
#[test]
fn the_ssh_servers_address() {
    let server = Postgres::start();
    let wizard = Wizard::new(&server)
        .set("--skip", "ssh-user,registration")
        .set("--region", "europe")
        .set("--timeout", "3")
        .flag("--partial");
    for (set, by) in [
        ("--bastion=me@no-such-host.invalid", "--bastion"),
        ("", "STITCH_PG_BASTION"),
    ] {
        let mut tried = wizard.clone().flag("--via-bastion");
        tried = if set.is_empty() {
            tried.env("STITCH_PG_BASTION", "me@no-such-host.invalid")
        } else {
            tried.flag(set)
        };
        let said = tried.check().exits(1);
        advises(&said, "tunnel-name", by);
        let said = if set.is_empty() {
            wizard
                .clone()
                .flag("--via-bastion")
                .env("STITCH_PG_BASTION", "me@127.0.0.1:1")
        } else {
            wizard.clone().flag("--via-bastion").set("--bastion", "me@127.0.0.1:1")
        };
        advises(&said.check().exits(1), "tunnel-tcp", by);
    }
    let local = wizard
        .set("--bastion", "local")
        .set("--stitch-bastion-host", "127.0.0.1");
    let said = local.clone().set("--stitch-bastion-port", "1").run("plan");
    let text = said.has("port-refused", "unknown");
    assert!(text.contains("--stitch-bastion-port"), "{text}");
    let said = local.set("--stitch-bastion-host", "no-such-host.invalid").run("plan");
    let text = said.has("host-unresolved", "unknown");
    assert!(text.contains("check the spelling of --stitch-bastion-host"), "{text}");
}

/// Debian's own cluster has no password for postgres, and lets its Linux user in over the socket.
#[test]
fn a_server_as_it_was_installed() {
    let server = Postgres::start();
    let said = Wizard::new(&server).env("PGPASSWORD", "guessed").check().exits(1);
    advises(
        &said,
        "login-password",
        "sudo -u postgres stitch-pg … --host /var/run/postgresql",
    );
}
