//! Logging in as users do: an agent with several keys, a passphrase, a password, the server's own questions.

use super::scene::{BASTION, Scene, told};
use crate::support::sshd::CAROL_PASSWORD;
use crate::support::{BastionOptions, Need, Program, SshKey, stitch_pg, world};

/// Everything is given but the way in.
fn check(scene: &Scene<'_>, login: &str) -> Program {
    stitch_pg(&scene.ops)
        .args(["check", "--only", "ssh-user", "--yes", "--bastion"])
        .arg(format!("{login}@{BASTION}"))
        .args([
            "--public-key-file",
            "/run/world/tmp/stitch.pub",
            "--allow-cidr",
            "52.23.137.21",
        ])
        .args(["--stitch-host", "10.20.0.3"])
        .env("STITCH_PG_SUDO_PASSWORD", CAROL_PASSWORD)
}

/// libssh2's own way tries the first key alone.
#[test]
fn the_third_key_of_an_agent() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    let keys = world.outside(world.dir().join("tmp"));
    SshKey::other(&keys);
    SshKey::ecdsa(&keys);
    world.sh(
        "ssh-agent -a /run/world/tmp/agent >/dev/null 2>&1; export SSH_AUTH_SOCK=/run/world/tmp/agent
         cd /run/world/tmp; ssh-add -q other ecdsa ed25519; rm ed25519 ed25519.pub",
    );
    let with_agent = |program: Program| {
        let program = program.args(["--format", "json", "--no-input"]);
        told(&program.env("SSH_AUTH_SOCK", "/run/world/tmp/agent"))
    };
    let third = with_agent(check(&scene, "root"));
    assert_eq!(third.status, Some(0), "{third:#?}");
    // Configured to offer the server no other key than this one, it does not, though the agent has the right one.
    let config = |only: &str| {
        let text = format!(
            "Host gate\\n HostName {BASTION}\\n User root\\n IdentityFile /run/world/tmp/other\\n IdentitiesOnly {only}\\n"
        );
        world.sh(&format!("printf '{text}' >/run/world/home/.ssh/config"));
        let program = stitch_pg(&scene.ops).args(["check", "--only", "ssh-user", "--bastion", "gate"]);
        with_agent(program.args([
            "--public-key-file",
            "/run/world/tmp/stitch.pub",
            "--stitch-host",
            "10.20.0.3",
        ]))
    };
    let only = config("yes");
    assert!(
        only.error().contains("the server refused root: tried the agent's key"),
        "{}",
        only.error()
    );
    assert!(!only.error().contains("ecdsa"), "{}", only.error());
    assert_eq!(config("no").status, Some(0));
    world.sh("SSH_AUTH_SOCK=/run/world/tmp/agent ssh-add -q -D");
    let none = with_agent(check(&scene, "root"));
    assert!(none.error().contains("the server refused root"), "{}", none.error());
}

#[test]
fn a_passphrase_is_asked_for() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let keys = world.outside(world.dir().join("tmp"));
    let locked = SshKey::with_passphrase(&keys);
    let scene = Scene::new(&world, BastionOptions::new().authorize(&locked));
    scene.has_working("stitch");
    let program = check(&scene, "root").args(["--bastion-identity", "/run/world/tmp/ed25519_passphrase"]);
    let mut terminal = program.terminal(80, 24);
    terminal.expect("Passphrase of /run/world/tmp/ed25519_passphrase");
    terminal.send_line("wrong");
    terminal.expect("Passphrase of /run/world/tmp/ed25519_passphrase");
    terminal.send_line(locked.passphrase.expect("it has one"));
    terminal.expect("3/7 ssh-user: ready");
    assert_eq!(terminal.wait_exit(), 0);
    assert!(!terminal.transcript().contains("wrong"), "it was shown");
    // No terminal to ask on: reported at once, with the key's name.
    let nobody = told(&program.args(["--format", "json", "--no-input"]));
    assert!(nobody.error().contains("it has a passphrase"), "{}", nobody.error());
}

fn with_password(line: &str, question: &str) {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().config(line));
    scene.has_working("stitch");
    let mut terminal = check(&scene, "carol").terminal(80, 24);
    terminal.expect(question);
    terminal.send_line("wrong");
    terminal.expect(question);
    terminal.send_line(CAROL_PASSWORD);
    terminal.expect("3/7 ssh-user: ready");
    assert_eq!(terminal.wait_exit(), 0);
    assert!(!terminal.transcript().contains(CAROL_PASSWORD), "it was shown");
}

#[test]
fn a_password_is_asked_for() {
    with_password("PasswordAuthentication yes", "SSH password of carol@198.51.100.20:22");
}

#[test]
fn the_server_asks_questions_of_its_own() {
    with_password("KbdInteractiveAuthentication yes", "carol@198.51.100.20:22 asks: ");
}

/// A command that is killed looks like success to libssh2; only the missing last line shows it.
#[test]
fn a_killed_script_is_no_success() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    // useradd, of all things, kills the shell that called it, after its work.
    scene.bastion.run(
        "mv /usr/sbin/useradd /usr/sbin/useradd.real
         printf '#!/bin/sh\\n/usr/sbin/useradd.real \"$@\"\\n[ \"$1\" = -D ] || kill -KILL $PPID\\n' >/usr/sbin/useradd
         chmod 755 /usr/sbin/useradd",
    );
    let killed = scene.setup("stitch");
    assert_eq!(killed.status, Some(1), "{killed:#?}");
    assert!(killed.error().contains("killed"), "{}", killed.error());
    // What was done stays done, and the next run goes on.
    scene.bastion.run("mv /usr/sbin/useradd.real /usr/sbin/useradd");
    scene.is_cured("stitch", "install Stitch's key");
}
