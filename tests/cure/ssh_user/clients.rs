//! Keys, agents and second factors of the admin's login: as few failed logins as possible, and each refusal in words.

use super::scene::{BASTION, Scene, Told, told};
use crate::support::sshd::CAROL_PASSWORD;
use crate::support::{BastionOptions, Need, Program, SshKey, stitch_pg, world};

/// A run with the agent at hand and an alias of the client's configuration.
fn program(scene: &Scene<'_>, command: &str, config: &str) -> Program {
    scene.configure(config);
    scene
        .by_alias(command, "root@gate")
        .env("SSH_AUTH_SOCK", "/run/world/tmp/agent")
}

fn check(scene: &Scene<'_>, config: &str) -> Told {
    told(&program(scene, "check", config))
}

/// Connections that the server has seen.
fn connections(scene: &Scene<'_>) -> usize {
    scene.bastion.log().matches("Connection from 198.51.100.10").count()
}

#[test]
fn keys_of_files_and_agents() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    SshKey::other(&world.outside(world.dir().join("tmp")));
    world.sh(
        "ssh-agent -a /run/world/tmp/agent >/dev/null 2>&1; export SSH_AUTH_SOCK=/run/world/tmp/agent
         cd /run/world/tmp; ssh-add -q ed25519 2>/dev/null
         cp ed25519 right; printf '\\357\\273\\277' | cat - ed25519 >bom; cp ed25519.pub half.pub
         echo 'PuTTY-User-Key-File-3: ssh-ed25519' >key.ppk; chmod 600 right bom key.ppk",
    );
    let only = |file: &str| format!(" IdentitiesOnly yes\n IdentityFile /run/world/tmp/{file}\n");
    for config in [
        // Missing files are passed over.
        format!(" IdentityFile /run/world/tmp/absent\n{}", only("right")),
        // A public key stands for the agent's.
        only("half.pub"),
        only("bom"),
        " IdentityAgent /run/world/tmp/agent\n".to_owned(),
    ] {
        let ready = check(&scene, &config);
        assert_eq!(ready.status, Some(0), "{config}: {ready:#?}");
    }
    for (config, words) in [
        (only("key.ppk"), "puttygen"),
        (
            " IdentityAgent none\n".to_owned() + &only("half.pub"),
            "it is a public key",
        ),
        (only("absent"), "no login method could be tried"),
    ] {
        let refused = check(&scene, &config);
        assert_eq!(refused.status, Some(1), "{config}: {refused:#?}");
        assert!(refused.error().contains(words), "{config}: {}", refused.error());
    }
    let before = connections(&scene);
    let refused = check(&scene, &only("other"));
    assert!(
        refused.error().contains("the server refused root"),
        "{}",
        refused.error()
    );
    assert_eq!(connections(&scene) - before, 1, "a refusal is remembered");
}

#[test]
fn an_agent_with_many_keys() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    world.sh(
        "ssh-agent -a /run/world/tmp/agent >/dev/null 2>&1; export SSH_AUTH_SOCK=/run/world/tmp/agent
         cd /run/world/tmp; for n in 1 2 3 4 5 6 7; do ssh-keygen -q -t ed25519 -N '' -C many$n -f many$n; ssh-add -q many$n; done
         ssh-add -q ed25519",
    );
    let before = connections(&scene);
    let many = check(&scene, "");
    assert!(
        many.error().contains("the server closed the connection after 6 keys")
            && many.error().contains("(MaxAuthTries)")
            && many.error().contains("many1"),
        "{}",
        many.error()
    );
    assert_eq!(connections(&scene) - before, 1);
    // The one that is named comes first, from the agent as well.
    let named = check(&scene, " IdentityFile /run/world/tmp/ed25519.pub\n");
    assert_eq!(named.status, Some(0), "{named:#?}");
}

#[test]
fn a_key_and_an_answer() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let lines = "KbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive";
    let scene = Scene::new(&world, BastionOptions::new().config(lines));
    scene.has_working("stitch");
    let program = |login: &str| {
        scene
            .program("check", login, "stitch")
            .env("STITCH_PG_SUDO_PASSWORD", CAROL_PASSWORD)
    };
    let alone = told(&program("carol"));
    assert!(
        alone
            .error()
            .contains("was accepted, but the server also requires keyboard-interactive"),
        "{}",
        alone.error()
    );
    let asked = stitch_pg(&scene.ops)
        .args(["check", "--only", "ssh-user", "--yes", "--bastion"])
        .arg(format!("carol@{BASTION}"))
        .args(["--bastion-identity", "/run/world/tmp/ed25519"])
        .args([
            "--public-key-file",
            "/run/world/tmp/stitch.pub",
            "--stitch-host",
            "10.20.0.3",
        ])
        .env("STITCH_PG_SUDO_PASSWORD", CAROL_PASSWORD);
    let mut terminal = asked.terminal(80, 24);
    terminal.expect("carol@198.51.100.20:22 asks: ");
    terminal.send_line(CAROL_PASSWORD);
    // Stitch itself could give no answer, which is a problem of its own.
    terminal.expect("requires more than a key from stitch");
    assert_eq!(terminal.wait_exit(), 4);
}

/// What Stitch's key alone may fail at, and what cuts its connection, is reported.
#[test]
fn settings_that_the_proof_does_not_see() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let options = BastionOptions::new().config("RevokedKeys /etc/ssh/revoked\nChannelTimeout direct-tcpip=5m");
    let scene = Scene::new(&world, options);
    scene.bastion.run(": >/etc/ssh/revoked");
    scene.has_working("stitch");
    let told = scene.check("stitch");
    assert_eq!(told.status, Some(0), "{told:#?}");
    // Stitch's key is not on the list.
    assert_eq!(told.verdict("ssh-not-allowed"), None, "{told:#?}");
    assert!(
        told.advice("ssh-forwarding-restricted")
            .contains("ChannelTimeout direct-tcpip=0"),
        "{told:#?}"
    );
}

/// Each channel is closed before the next one is opened.
#[test]
fn one_session_at_a_time() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().config("MaxSessions 1"));
    scene.is_cured("stitch", "add the user stitch");
}
