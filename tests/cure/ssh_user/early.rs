//! The login on the SSH server is made while PostgreSQL is being asked, unless somebody has to be asked for it.

use std::time::Duration;

use super::scene::{BASTION, Scene};
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::process::{DEADLINE, poll};
use crate::support::{BastionOptions, Need, Postgres, PostgresOptions, Program, SshKey, World, stitch_pg, world};

const DATABASE: &str = "198.51.100.30";

/// Both are reached directly.
fn check(scene: &Scene<'_>, key: &str) -> Program {
    stitch_pg(&scene.ops)
        .args(["check", "--only", "database,ssh-user", "--yes"])
        .args(["--host", DATABASE, "--admin-user", "postgres", "--database", "postgres"])
        .args(["--bastion", &format!("root@{BASTION}"), "--bastion-identity", key])
        .args([
            "--public-key-file",
            "/run/world/tmp/stitch.pub",
            "--allow-cidr",
            "52.23.137.21",
            "--key-options",
            "restrict",
        ])
        .env("PGPASSWORD", POSTGRES_PASSWORD)
}

/// A server that accepts connections and says nothing, until it may.
struct Held<'a> {
    world: &'a World,
    pid: String,
}

impl<'a> Held<'a> {
    fn new(world: &'a World, server: &Postgres<'_>) -> Self {
        let file = std::fs::read_to_string(server.data_dir().join("postmaster.pid")).expect("it runs");
        let pid = file.lines().next().expect("a number").to_owned();
        world.sh(&format!("kill -STOP {pid}"));
        Self { world, pid }
    }

    fn release(self) {
        self.world.sh(&format!("kill -CONT {}", self.pid));
    }
}

#[test]
fn nobody_waits_for_one_server_after_the_other() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let locked = SshKey::with_passphrase(&world.outside(world.dir().join("tmp")));
    let scene = Scene::new(&world, BastionOptions::new().authorize(&locked));
    scene.has_working("stitch");
    scene
        .bastion
        .run("sed -i 's/,permit.*command=[^ ]*//' ~stitch/.ssh/authorized_keys");
    let host = world.host("db", &[("lan", "198.51.100.30/24"), ("inner", "10.20.0.3/24")]);
    let server = Postgres::start_in(&world, Some(&host), PostgresOptions::new());

    let logins = || scene.bastion.log().matches("Accepted publickey for root").count();
    let held = Held::new(&world, &server);
    let running = check(&scene, "/run/world/tmp/ed25519").start();
    let early = poll(Duration::from_secs(8), || (logins() == 1).then_some(()));
    held.release();
    let output = running.finish(Duration::from_mins(1));
    assert!(early.is_some(), "no login while PostgreSQL says nothing: {output:#?}");
    assert_eq!(output.status, Some(0), "{output:#?}");

    // A question has its time: that of its step, and the answer is for the login that is then made.
    let held = Held::new(&world, &server);
    let mut terminal = check(&scene, "/run/world/tmp/ed25519_passphrase").terminal(80, 24);
    poll(DEADLINE, || {
        let tries = scene
            .bastion
            .log()
            .matches("Connection closed by authenticating user root")
            .count();
        (tries == 1).then_some(())
    })
    .expect("a login that is given up");
    assert!(
        !terminal.transcript().contains("Passphrase"),
        "{}",
        terminal.transcript()
    );
    held.release();
    terminal.expect("Passphrase of /run/world/tmp/ed25519_passphrase");
    terminal.send_line(locked.passphrase.expect("it has one"));
    terminal.expect("lets stitch log in");
    assert_eq!(terminal.wait_exit(), 0);
    let said = terminal.transcript();
    assert_eq!(said.matches("Passphrase").count(), 1, "{said}");

    // The key that was named goes first, also where one of the agent's would do.
    world.sh(
        "ssh-agent -a /run/world/tmp/agent >/dev/null 2>&1; cd /run/world/tmp; SSH_AUTH_SOCK=agent ssh-add -q ed25519",
    );
    let (held, before) = (Held::new(&world, &server), logins());
    let program = check(&scene, "/run/world/tmp/ed25519_passphrase").env("SSH_AUTH_SOCK", "/run/world/tmp/agent");
    let mut terminal = program.terminal(80, 24);
    poll(DEADLINE, || (logins() == before + 1).then_some(())).expect("a login that is made again");
    held.release();
    terminal.expect("Passphrase of /run/world/tmp/ed25519_passphrase");
    terminal.send_line(locked.passphrase.expect("it has one"));
    terminal.expect("lets stitch log in");
    assert_eq!(terminal.wait_exit(), 0);
}
