//! Stitch's hosts, a database that some of them may enter, an SSH server before it, and the program that watches.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::support::postgres::{POSTGRES_PASSWORD, psql};
use crate::support::process::{DEADLINE, exit_code, poll, wait};
use crate::support::{
    Bastion, BastionOptions, Certificates, Host, Place, Postgres, PostgresOptions, Program, Running, SshKey, World,
    spawn, stitch_pg,
};

/// One of Stitch's addresses, which may enter; another of them, which may not; and one that is not Stitch's.
pub(crate) const STITCH: &str = "52.23.137.21";
pub(crate) const SECOND: &str = "52.204.223.208";
pub(crate) const OTHER: &str = "52.9.9.9";
pub(crate) const PUBLIC: &str = "52.0.0.3";
pub(crate) const PASSWORD: &str = "loader-secret";
/// Where a tunnel begins on its host.
pub(crate) const FORWARDED: u16 = 6543;

const RULES: &str = "local all postgres trust
host all postgres,dba all scram-sha-256
hostssl all stitch 52.23.137.21/32 scram-sha-256
hostssl all stitch 52.9.9.9/32 scram-sha-256
host all stitch 10.20.0.0/24 scram-sha-256
";

pub(crate) struct Scene<'world> {
    pub(crate) hosts: BTreeMap<&'static str, Host>,
    pub(crate) server: Postgres<'world>,
    pub(crate) bastion: Bastion<'world>,
}

/// A login as Stitch's role.
pub(crate) struct Login<'a> {
    pub(crate) from: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) database: &'a str,
    pub(crate) password: &'a str,
    pub(crate) tls: &'a str,
}

impl<'world> Scene<'world> {
    #[track_caller]
    pub(crate) fn new(world: &'world World) -> Self {
        let keys = world.outside(world.dir().join("tmp"));
        let on_net = |address: &str| format!("{address}/8");
        let host = |name, address| (name, world.host(name, &[("net", &on_net(address))]));
        let hosts = BTreeMap::from([
            host("ops", "52.0.0.9"),
            host("stitch", STITCH),
            host("second", SECOND),
            host("other", OTHER),
        ]);
        let database = world.host("db", &[("net", &on_net(PUBLIC)), ("inner", "10.20.0.3/24")]);
        let options = PostgresOptions::new()
            .hba(RULES)
            .tls(Certificates::for_names(&[PUBLIC]))
            .conf("listen_addresses", "*")
            .conf("logging_collector", "on")
            .conf("log_destination", "csvlog")
            .conf("log_connections", "on")
            .conf("log_statement", "all")
            .conf("log_timezone", "UTC");
        let server = Postgres::start_in(world, Some(&database), options);
        server.psql(&format!("CREATE ROLE stitch LOGIN PASSWORD '{PASSWORD}'"));
        server.psql("CREATE DATABASE stitch OWNER stitch");
        // Two keys of Stitch's account: the right one, and one that the SSH server does not know.
        let (admin, stitch, _) = (SshKey::ed25519(&keys), SshKey::rsa(&keys), SshKey::other(&keys));
        let plugs = [("net", "52.0.0.2/8"), ("inner", "10.20.0.2/24")];
        let bastion = BastionOptions::new().authorize(&admin).config("LogLevel INFO");
        let bastion = world.bastion("bastion", &plugs, bastion);
        bastion.remember();
        let line = format!(
            "restrict,port-forwarding,permitopen=\"10.20.0.3:5432\" {}",
            stitch.public()
        );
        bastion.try_run_with(
            "useradd -m -p '*' stitch; mkdir -m 700 ~stitch/.ssh; cat >~stitch/.ssh/authorized_keys
             chmod 600 ~stitch/.ssh/authorized_keys; chown -R stitch: ~stitch/.ssh",
            line.as_bytes(),
        );
        // What syslog would do.
        world.sh("log=$WORLD/bastion/root/var/log/auth.log; : >$log
             { tail -n +1 -F $WORLD/bastion/log | while IFS= read -r line; do
                 printf '%s bastion sshd[7]: %s\\n' \"$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)\" \"$line\" >>$log
             done; } >/dev/null 2>&1 </dev/null &");
        std::fs::write(keys.join("stitch.pub"), stitch.public()).expect("the world is writable");
        Self { hosts, server, bastion }
    }

    /// The program before the database, with every setting that it needs.
    pub(crate) fn program(&self, command: &str) -> Program {
        stitch_pg(&self.hosts["ops"])
            .args([command, "--no-input", "--host", PUBLIC, "--region", "north-america"])
            .env("PGUSER", "postgres")
            .env("PGPASSWORD", POSTGRES_PASSWORD)
    }

    /// The same where Stitch comes through the SSH server.
    pub(crate) fn tunnelled(&self, program: Program) -> Program {
        let bastion = format!("root@{}", self.bastion.address());
        program
            .args(["--bastion", &bastion, "--bastion-identity", "/run/world/tmp/ed25519"])
            .args([
                "--stitch-host",
                "10.20.0.3",
                "--public-key-file",
                "/run/world/tmp/stitch.pub",
            ])
    }

    /// Stitch's tunnel with one of its keys, to that port of the database.
    pub(crate) fn ssh(&self, from: &Host, key: &str, port: u16) -> Command {
        let key = SshKey {
            path: format!("/run/world/tmp/{key}").into(),
            passphrase: None,
        };
        let mut command = self.bastion.ssh(from, "stitch", &key);
        match port {
            5432 => command.args(["-N", "-L", &format!("127.0.0.1:{FORWARDED}:10.20.0.3:5432")]),
            _ => command.args(["-W", &format!("10.20.0.3:{port}")]),
        };
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Logs in, and stays until it is dropped. A tunnel that is being opened is waited for.
    #[track_caller]
    pub(crate) fn begin(&self, login: &Login<'_>) -> Running {
        let host = &self.hosts[login.from];
        let listens = || {
            let hex = format!(":{:04X} ", login.port);
            let mut command = host.command("cat");
            command.arg("/proc/net/tcp");
            crate::support::run(command).contains(&hex).then_some(())
        };
        if login.host == "127.0.0.1" {
            poll(DEADLINE, listens).expect("the tunnel listens");
        }
        let mut command = host.command(psql());
        command.env("PGPASSWORD", login.password).env("PGSSLMODE", login.tls);
        command.args(["-XAtw", "-h", login.host, "-p", &login.port.to_string(), "-U", "stitch"]);
        let database = format!("dbname='{}'", login.database);
        command.args(["-d", &database]);
        // It waits for statements until it is dropped.
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Running::new(spawn(&mut command), Place::from(host))
    }
}

/// The program while it watches.
pub(crate) struct Watching {
    running: Running,
    lines: Receiver<String>,
}

impl Watching {
    #[track_caller]
    pub(crate) fn of(program: &Program) -> Self {
        let mut running = program.start();
        let stdout = running.child.stdout.take().expect("a pipe");
        let stderr = running.child.stderr.take().expect("a pipe");
        let (sender, lines) = channel();
        for pipe in [Box::new(stdout) as Box<dyn std::io::Read + Send>, Box::new(stderr)] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    // No receiver is left after the test.
                    drop(sender.send(line));
                }
            });
        }
        Self { running, lines }
    }

    /// Waits for the first words.
    #[track_caller]
    pub(crate) fn begun(&self) {
        let first = self.lines.recv_timeout(DEADLINE).expect("the first words");
        assert!(first.starts_with("Watching for Stitch."), "{first}");
    }

    /// Waits for an event. None of its bytes is one that a terminal obeys.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, mut is_it: impl FnMut(&Value) -> bool) -> Value {
        let mut seen = String::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(DEADLINE) else {
                panic!("{what} is not shown, but:\n{seen}")
            };
            assert!(!line.contains(char::is_control), "{line:?}");
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if is_it(&event) {
                return event;
            }
            seen.extend([line.as_str(), "\n"]);
        }
    }

    #[track_caller]
    pub(crate) fn exit_status(mut self) -> i32 {
        wait(&mut self.running.child, DEADLINE).map(exit_code).expect("it ends")
    }

    #[track_caller]
    pub(crate) fn interrupt(self) -> i32 {
        self.running.signal("INT");
        self.exit_status()
    }
}
