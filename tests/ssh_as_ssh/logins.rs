//! Logins of a sample: whether `ssh` gets in with a configuration, and whether the program does.

use std::fmt::Write as _;

use crate::cure::ssh_user::scene::{BASTION, Scene, told};
use crate::support::rng::Rng;
use crate::support::{BastionOptions, Need, Program, SshKey, world};

const SAMPLE: usize = 40;

/// What decides about a login, right and wrong.
const LINES: [&str; 22] = [
    "IdentityFile /run/world/tmp/ed25519",
    "IdentityFile \"/run/world/tmp/my key\"",
    "IdentityFile %d/.ssh/%n",
    "IdentityFile /run/world/tmp/other",
    "IdentityFile /run/world/tmp/absent",
    "IdentityFile /run/world/tmp/half.pub",
    "IdentityFile none",
    "IdentitiesOnly yes",
    "IdentitiesOnly no",
    "IdentityAgent none",
    "IdentityAgent /run/world/tmp/agent",
    "IdentityAgent SSH_AUTH_SOCK",
    "HostKeyAlias known",
    "HostKeyAlias stranger",
    "UserKnownHostsFile /run/world/tmp/empty",
    "UserKnownHostsFile /run/world/tmp/empty ~/.ssh/known_hosts",
    "GlobalKnownHostsFile /run/world/tmp/revoked",
    "User dave",
    "User nobody",
    "Port 2",
    "Include more",
    "Match host nowhere\nPort 3",
];

fn configuration(rng: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..rng.below(5) {
        let pattern = rng.pick(&["gate", "*", "g?te !gate", "other"]);
        let _ = writeln!(text, "Host {pattern}");
        for _ in 0..rng.below(3) {
            let _ = writeln!(text, "  {}", rng.pick(&LINES));
        }
    }
    text + &format!("Host gate\n HostName {BASTION}\n User root\n")
}

#[test]
fn a_sample_logs_in_where_ssh_does() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().config("MaxAuthTries 20"));
    let keys = world.outside("/run/world/tmp");
    SshKey::other(&keys);
    let stranger = world.sh("cut -d' ' -f1,2 /run/world/tmp/other.pub");
    let mut known = scene.bastion.known_hosts();
    for key in scene.bastion.host_keys() {
        let _ = writeln!(known, "known {key}");
    }
    let _ = write!(known, "stranger {stranger}");
    let revoked: Vec<String> = scene
        .bastion
        .host_keys()
        .iter()
        .map(|key| format!("@revoked * {key}\n"))
        .collect();
    world.sh_with("cat >/run/world/home/.ssh/known_hosts", &[], known.as_bytes());
    world.sh_with(
        "cat >/run/world/tmp/revoked; : >/run/world/tmp/empty",
        &[],
        revoked.concat().as_bytes(),
    );
    world.sh(
        "cd /run/world/tmp; cp ed25519 'my key'; cp ed25519.pub half.pub; cp ed25519 /run/world/home/.ssh/gate; chmod 600 'my key'
         echo 'IdentityFile /run/world/tmp/ed25519' >/run/world/home/.ssh/more
         ssh-agent -a /run/world/tmp/agent >/dev/null 2>&1; SSH_AUTH_SOCK=/run/world/tmp/agent ssh-add -q other ed25519",
    );
    scene.moves_home();
    let mut rng = Rng::new(2026);
    let (mut inside, mut outside) = (0, 0);
    for _ in 0..SAMPLE {
        let text = configuration(&mut rng);
        std::fs::write(world.outside("/run/world/home/.ssh/config"), &text).expect("a file");
        let agent = rng.percent(40);
        let with_agent = |program: Program| {
            if agent {
                program.env("SSH_AUTH_SOCK", "/run/world/tmp/agent")
            } else {
                program
            }
        };
        let theirs = with_agent(scene.ssh_by_alias("gate")).run();
        let ours = told(&with_agent(scene.by_alias("check", "gate")));
        // A login that succeeds without rights is reported as that, not as a refusal.
        let refused = ours.error().contains("cannot log in to") || ours.error().contains("cannot reach the SSH server");
        assert_eq!(
            theirs.success(),
            !refused,
            "agent: {agent}\n{text}\nssh: {}\nours: {}",
            theirs.stderr,
            ours.error()
        );
        if refused { outside += 1 } else { inside += 1 }
    }
    println!("{inside} log in, {outside} are refused, by both");
    assert!(inside >= 8 && outside >= 8, "{inside} log in, {outside} are refused");
}
