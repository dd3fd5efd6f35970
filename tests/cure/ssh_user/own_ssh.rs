//! The machine's own `ssh` in place of the built-in client: what libssh2 cannot do is done.

use super::scene::{BASTION, Scene, Told, told};
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::sshd::CAROL_PASSWORD;
use crate::support::wizard::{PASSWORD, Said};
use crate::support::{BastionOptions, Need, Postgres, PostgresOptions, Program, SshKey, stitch_pg, world};

fn config(scene: &Scene<'_>, lines: &str) {
    scene.configure(&format!(" User root\n IdentityFile /run/world/tmp/ed25519\n{lines}"));
}

fn program(scene: &Scene<'_>, command: &str) -> Program {
    scene.by_alias(command, "gate")
}

fn own(scene: &Scene<'_>, command: &str) -> Told {
    told(&program(scene, command).args(["--ssh-command", "ssh"]))
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
    scene.moves_home();
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
    scene.moves_home();
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
    assert_eq!(
        program(&scene, "check").args(["--ssh-command", "/absent"]).run().status,
        Some(2)
    );
}

/// One fingerprint lets an unknown key in, as with the built-in client, and nothing else.
#[test]
fn a_host_key_by_its_fingerprint() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().port(2222));
    scene.moves_home();
    scene.has_working("stitch");
    SshKey::other(&world.outside("/run/world/tmp"));
    let stranger = world.sh("cut -d' ' -f1,2 /run/world/tmp/other.pub");
    let keys = scene.bastion.host_keys();
    let key = keys.iter().find(|key| key.contains("ed25519")).expect("it has one");
    let run = |known: &str, more: &str, host_key: Option<&str>| {
        world.sh_with("cat >/run/world/tmp/known", &[], known.as_bytes());
        config(
            &scene,
            &format!(
                " Port 2222\n UserKnownHostsFile /run/world/tmp/known\n GlobalKnownHostsFile /run/world/tmp/none\n{more}"
            ),
        );
        let program = program(&scene, "check").args(["--ssh-command", "ssh"]);
        told(&match host_key {
            Some(host_key) => program.args(["--host-key", host_key]),
            None => program,
        })
    };
    // The user does not need to search for it.
    let unknown = run("", "", None);
    let (_, flag) = unknown.error().split_once("add --host-key ").expect("the flag is told");
    let flag = flag.split(':').take(2).collect::<Vec<_>>().join(":");
    let host = format!("[{BASTION}]:2222");
    let alias = " HostKeyAlias the-gate\n";
    for (known, more) in [
        (String::new(), ""),
        (String::new(), alias),
        (format!("{host} {key}\n"), ""),
        // What is known of another type, or of the same host on another port, says nothing against it.
        (format!("{BASTION} {stranger}"), ""),
    ] {
        let ready = run(&known, more, Some(&flag));
        assert_eq!(ready.status, Some(0), "{known}{more}: {ready:#?}");
    }
    let wrong = format!("SHA256:{}", "a".repeat(43));
    let not_this = run("", "", Some(&wrong));
    assert!(
        not_this
            .error()
            .contains(&format!("not {wrong} as given by --host-key")),
        "{}",
        not_this.error()
    );
    for (known, more) in [
        (format!("{host} {stranger}"), ""),
        (format!("the-gate {stranger}"), alias),
        (format!("@revoked * {key}\n"), ""),
    ] {
        let refused = run(&known, more, Some(&flag));
        assert_eq!(refused.status, Some(1), "{known}{more}: {refused:#?}");
        assert!(
            refused.error().contains("Host key verification failed"),
            "{known}{more}: {}",
            refused.error()
        );
    }
}

/// A terminal for a sudo that insists on one, with a password and without; and doas.
#[test]
fn a_terminal_for_sudo_and_doas() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.moves_home();
    config(&scene, "");
    scene
        .bastion
        .run("echo 'Defaults requiretty' >/etc/sudoers.d/tty; chmod 440 /etc/sudoers.d/tty; echo dave:dave-secret | chpasswd");
    let run = |command: &str, login: &str, password: &str| {
        let program = scene
            .program(command, login, "stitch")
            .args(["--yes", "--ssh-command", "ssh"]);
        told(&program.env("STITCH_PG_SUDO_PASSWORD", password))
    };
    let made = run("setup", "admin", "");
    assert_eq!(made.status, Some(0), "{made:#?}");
    let ready = run("check", "carol", CAROL_PASSWORD);
    assert_eq!(ready.report["result"], "ready", "{ready:#?}");
    let wrong = run("check", "carol", "wrong");
    assert!(
        wrong.error().contains("sudo on") && wrong.error().contains("refuses the password of carol"),
        "{}",
        wrong.error()
    );
    scene
        .bastion
        .run("umask 077; echo 'permit dave as root' >/etc/doas.conf; rm -f /usr/bin/sudo");
    let ready = run("check", "dave", "dave-secret");
    assert_eq!(ready.report["result"], "ready", "{ready:#?}");
    let wrong = run("check", "dave", "wrong");
    assert!(wrong.error().contains("doas on"), "{}", wrong.error());
    assert_eq!(world.sh("cat /proc/[0-9]*/comm | grep -cx ssh || :").trim(), "0");
}

/// The database is reached through it as well, and the whole way is proved.
#[test]
fn a_database_behind_it() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let mut scene = Scene::new(&world, BastionOptions::new());
    scene.moves_home();
    config(&scene, "");
    let host = world.host("db", &[("inner", "10.20.0.3/24")]);
    let _server = Postgres::start_in(&world, Some(&host), PostgresOptions::new());
    let run = |scene: &Scene<'_>, command: &str, host: &str, more: &[&str]| {
        let program = stitch_pg(&scene.ops)
            .args([
                command,
                "--format",
                "json",
                "--no-input",
                "--yes",
                "--skip",
                "allowlist",
            ])
            .args([
                "--host",
                host,
                "--admin-user",
                "postgres",
                "--via-bastion",
                "--bastion",
                "gate",
            ])
            .args(["--ssh-command", "ssh", "--public-key-file", "/run/world/tmp/stitch.pub"])
            .args(["--allow-cidr", "52.23.137.21"])
            .args(more)
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD);
        Said::of(program.run())
    };
    let set = run(&scene, "setup", "10.20.0.3", &[]).exits(0);
    set.has("test-load-passed", "good");
    let proved = set.has("tunnel-tested", "good");
    assert!(
        proved.contains("refused, as intended: a terminal, a connection to a host other than the database"),
        "{proved}"
    );
    run(&scene, "setup", "10.20.0.3", &[]).exits(0);
    let proof = ["--only", "connection", "--prove-tunnel"];
    let file = "/home/stitch/.ssh/authorized_keys";
    let narrow = scene.bastion.run(&format!("cat {file}"));
    assert_eq!(narrow.lines().count(), 1, "{narrow}");
    scene.bastion.run(&format!("sed -i 's/^[^ ]* ssh/ssh/' {file}"));
    let granted = run(&scene, "check", "10.20.0.3", &proof)
        .exits(4)
        .has("tunnel-key-unrestricted", "bad");
    assert!(granted.contains("a terminal"), "{granted}");
    std::fs::write(scene.bastion.outside(file), narrow).expect("the world is writable");
    for (line, code) in [
        ("AllowTcpForwarding no", "tunnel-forward"),
        ("PubkeyAuthentication no", "tunnel-login"),
    ] {
        scene.bastion.stop();
        let clean = scene.plain_options();
        let block = format!("Match User stitch\n{line}\nMatch all");
        scene.bastion.restart(|_| clean.config(&block));
        run(&scene, "check", "10.20.0.3", &proof).exits(4).has(code, "bad");
        assert_eq!(scene.bastion.run(&format!("grep -c . {file}")).trim(), "1");
    }
    let closed = run(&scene, "check", "10.20.0.2", &["--only", "database,role,connection"]).exits(1);
    assert!(
        closed.error().contains("could not connect to 10.20.0.2:5432"),
        "{}",
        closed.error()
    );
}
