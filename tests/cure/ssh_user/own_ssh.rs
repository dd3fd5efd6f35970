//! The machine's own `ssh` in place of the built-in client: what libssh2 cannot do is done.

use super::scene::{BASTION, Scene, Told, told};
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::{PASSWORD, Said};
use crate::support::{BastionOptions, Need, Postgres, PostgresOptions, Program, stitch_pg, world};

fn config(scene: &Scene<'_>, lines: &str) {
    let text = format!("Host gate\n HostName {BASTION}\n User root\n IdentityFile /run/world/tmp/ed25519\n{lines}");
    std::fs::write(scene.world.outside("/run/world/home/.ssh/config"), text).expect("a file");
}

fn program(scene: &Scene<'_>, command: &str) -> Program {
    stitch_pg(&scene.ops)
        .args([
            command,
            "--only",
            "ssh-user",
            "--format",
            "json",
            "--no-input",
            "--yes",
            "--bastion",
            "gate",
        ])
        .args([
            "--public-key-file",
            "/run/world/tmp/stitch.pub",
            "--stitch-host",
            "10.20.0.3",
        ])
}

fn own(scene: &Scene<'_>, command: &str) -> Told {
    told(&program(scene, command).args(["--ssh-command", "ssh"]))
}

/// ssh takes the person's files from the account database.
fn is_home(scene: &Scene<'_>) {
    scene.world.sh(
        "sed 's|^root:\\([^:]*:[^:]*:[^:]*:[^:]*\\):[^:]*|root:\\1:/run/world/home|' /etc/passwd >/run/world/passwd
         mount --bind /run/world/passwd /etc/passwd",
    );
}

#[test]
fn a_server_that_takes_certificates_alone() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(
        &world,
        BastionOptions::new().config("TrustedUserCAKeys /etc/ssh/ca.pub"),
    );
    is_home(&scene);
    config(&scene, "");
    world.sh("cd /run/world/tmp; ssh-keygen -q -t ed25519 -N '' -f ca; ssh-keygen -q -s ca -I ops -n root ed25519.pub");
    scene.bastion.run(": >/root/.ssh/authorized_keys");
    let ca = world.sh("cat /run/world/tmp/ca.pub");
    std::fs::write(scene.bastion.outside("/etc/ssh/ca.pub"), ca).expect("a file");
    let built_in = told(&program(&scene, "check"));
    assert!(
        built_in.error().contains("without its certificate"),
        "{}",
        built_in.error()
    );
    let made = own(&scene, "setup");
    assert_eq!(made.status, Some(0), "{made:#?}");
    assert_eq!(own(&scene, "check").report["result"], "ready");
    // Nothing of it stays behind.
    assert_eq!(world.sh("cat /proc/[0-9]*/comm | grep -cx ssh || :").trim(), "0");
}

#[test]
fn a_proxy_command_host_keys_and_refusals() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    is_home(&scene);
    scene.has_working("stitch");
    let proxy = " ProxyCommand bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & cat >&3; kill $!'\n";
    config(&scene, proxy);
    let built_in = program(&scene, "check").run();
    assert_eq!(built_in.status, Some(2), "{built_in:#?}");
    assert!(built_in.stderr.contains("--ssh-command ssh"), "{}", built_in.stderr);
    let ready = own(&scene, "check");
    assert_eq!(ready.status, Some(0), "{ready:#?}");
    // An unknown key is refused, and so is a changed one, whatever the configuration says.
    for (known, words) in [
        ("", "Host key verification failed"),
        ("changed", "Host key verification failed"),
    ] {
        config(
            &scene,
            &format!("{proxy} StrictHostKeyChecking no\n UserKnownHostsFile /run/world/tmp/known\n"),
        );
        let other = if known.is_empty() {
            String::new()
        } else {
            world.sh(&format!("printf '{BASTION} '; cut -d' ' -f1,2 /run/world/tmp/stitch.pub; printf '{BASTION} '; cat /run/world/tmp/ed25519.pub"))
        };
        world.sh_with("cat >/run/world/tmp/known", &[], other.as_bytes());
        let refused = own(&scene, "check");
        assert!(refused.error().contains(words), "{}", refused.error());
    }
    // A refused login is made once.
    config(&scene, " IdentitiesOnly yes\n");
    world.sh("cd /run/world/tmp; rm ed25519; ssh-keygen -q -t ed25519 -N '' -f ed25519");
    let before = scene.bastion.log().matches("Connection from").count();
    let refused = own(&scene, "check");
    assert!(
        refused.error().contains("Permission denied (publickey)"),
        "{}",
        refused.error()
    );
    assert_eq!(scene.bastion.log().matches("Connection from").count() - before, 1);
    let both = program(&scene, "check").args([
        "--ssh-command",
        "ssh",
        "--host-key",
        &format!("SHA256:{}", "a".repeat(43)),
    ]);
    assert_eq!(both.run().status, Some(2));
    assert_eq!(
        program(&scene, "check").args(["--ssh-command", "/absent"]).run().status,
        Some(2)
    );
}

/// The database is reached through it as well.
#[test]
fn a_database_behind_it() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    is_home(&scene);
    config(&scene, "");
    let host = world.host("db", &[("inner", "10.20.0.3/24")]);
    let _server = Postgres::start_in(&world, Some(&host), PostgresOptions::new());
    let run = |command: &str, host: &str| {
        let program = stitch_pg(&scene.ops)
            .args([
                command,
                "--format",
                "json",
                "--no-input",
                "--yes",
                "--only",
                "database,role,connection",
            ])
            .args([
                "--host",
                host,
                "--admin-user",
                "postgres",
                "--via-bastion",
                "--bastion",
                "gate",
                "--ssh-command",
                "ssh",
            ])
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD);
        Said::of(program.run())
    };
    run("setup", "10.20.0.3").exits(0).has("test-load-passed", "good");
    let closed = run("check", "10.20.0.2").exits(1);
    assert!(
        closed.error().contains("could not connect to 10.20.0.2:5432"),
        "{}",
        closed.error()
    );
}
