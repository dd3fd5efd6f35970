//! The bastion's host key is verified before any login.

use super::scene::{BASTION, Scene, Told, told};
use crate::support::{BastionOptions, Need, Program, SshKey, world};

/// The fingerprint of no key of this bastion.
const WRONG: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

fn with_known(scene: &Scene<'_>, known: &str, more: impl FnOnce(Program) -> Program) -> Told {
    scene.world.sh_with("cat >/run/world/tmp/known", &[], known.as_bytes());
    let program = scene
        .program("check", "root", "stitch")
        .args(["--known-hosts", "/run/world/tmp/known"]);
    told(&more(program))
}

#[test]
fn known_and_unknown_hosts() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let keys = scene.bastion.host_keys();
    let plain = |program: Program| program;

    let unknown = with_known(&scene, "", plain);
    assert_eq!(unknown.status, Some(1));
    let flag = unknown
        .error()
        .split("--host-key ")
        .nth(1)
        .expect("the flag is told")
        .to_owned();
    let accepted = with_known(&scene, "", |program| program.args(["--host-key", &flag]));
    assert_eq!(accepted.status, Some(3), "{accepted:#?}");
    let other = with_known(&scene, "", |program| program.args(["--host-key", WRONG]));
    assert!(other.error().contains(WRONG), "{}", other.error());

    // Whichever type is recorded is asked for, however the host is written.
    for key in &keys {
        for hosts in [BASTION.to_owned(), "*.51.100.*".to_owned(), format!("a,{BASTION},b")] {
            let known = with_known(&scene, &format!("{hosts} {key}\n"), plain);
            assert_eq!(known.status, Some(3), "{hosts} {key}: {known:#?}");
        }
    }
    let hashed = scene.world.sh_with(
        "cat >/run/world/tmp/h; ssh-keygen -q -H -f /run/world/tmp/h >/dev/null 2>&1; cat /run/world/tmp/h",
        &[],
        format!("{BASTION} {}\n", keys[0]).as_bytes(),
    );
    assert!(hashed.starts_with("|1|"), "{hashed}");
    assert_eq!(with_known(&scene, &hashed, plain).status, Some(3));

    let stranger = SshKey::other(&world.outside("/run/world/tmp")).public();
    let changed = with_known(&scene, &format!("{BASTION} {stranger}\n"), |program| {
        program.args(["--host-key", &flag])
    });
    assert!(changed.error().contains("has CHANGED"), "{}", changed.error());
    let revoked = with_known(&scene, &format!("{BASTION} {0}\n@revoked * {0}\n", keys[0]), plain);
    assert!(revoked.error().contains("revoked"), "{}", revoked.error());
    let authority = with_known(&scene, &format!("@cert-authority * {}\n", keys[0]), plain);
    assert!(authority.error().contains("@cert-authority"), "{}", authority.error());
    // The run did not log in while the key was in doubt.
    assert!(scene.bastion.try_run("id stitch").stdout.is_empty());
}

#[test]
fn aliases_and_identities() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let keys = world.outside(world.dir().join("tmp"));
    let mut options = BastionOptions::new().port(2222);
    for key in [
        SshKey::ecdsa(&keys),
        SshKey::rsa_pem(&keys),
        SshKey::with_passphrase(&keys),
    ] {
        options = options.authorize(&key);
    }
    let scene = Scene::new(&world, options);
    let run = |bastion: &str, identity: Option<&str>| {
        let program = scene.by_alias("check", bastion);
        told(&match identity {
            Some(identity) => program.args(["--bastion-identity", &format!("/run/world/tmp/{identity}")]),
            None => program,
        })
    };
    let spelt = format!("root@{BASTION}:2222");
    for identity in ["ed25519", "ecdsa", "rsa_pem"] {
        let seen = run(&spelt, Some(identity));
        assert_eq!(seen.status, Some(3), "{identity}: {seen:#?}");
    }
    let encrypted = run(&spelt, Some("ed25519_passphrase"));
    assert!(encrypted.error().contains("has a passphrase"), "{}", encrypted.error());
    let refused = run(&spelt, Some("other_not_there"));
    assert!(refused.error().contains("other_not_there"), "{}", refused.error());

    world.sh("cat >/run/world/home/.ssh/config <<'X'
Host gate
  HostName 198.51.100.20
  Port 2222
  User root
  IdentityFile /run/world/tmp/ed25519
Host far
  ProxyJump gate
X");
    let alias = run("gate", None);
    assert_eq!(alias.status, Some(3), "{alias:#?}");
}

/// A user's own file does not switch off the global ones, and an alias has no port, whatever the server's is.
#[test]
fn global_files_and_aliases() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().port(2222));
    let stranger = SshKey::other(&world.outside("/run/world/tmp")).public();
    let keys = scene.bastion.host_keys();
    let fingerprint = |key: &str| {
        let printed = scene
            .world
            .sh_with("ssh-keygen -lf - | cut -d' ' -f2", &[], key.as_bytes());
        printed.trim().to_owned()
    };
    let ed25519 = keys.iter().find(|key| key.contains("ed25519")).expect("it has one");
    let run = |global: &str, own: &str, alias: &str| {
        scene
            .world
            .sh_with("cat >/run/world/tmp/global", &[], global.as_bytes());
        scene.world.sh_with("cat >/run/world/tmp/own", &[], own.as_bytes());
        scene.configure(&format!(
            " User root\n Port 2222\n IdentityFile /run/world/tmp/ed25519\n \
             UserKnownHostsFile /run/world/tmp/own\n GlobalKnownHostsFile /run/world/tmp/global\n{alias}"
        ));
        let program = scene
            .by_alias("check", "gate")
            .args(["--host-key", &fingerprint(ed25519)]);
        told(&program)
    };
    let alias = " HostKeyAlias the-gate\n";
    let known = format!("[{BASTION}]:2222 {ed25519}\n");
    assert_eq!(run("", &known, "").status, Some(3));
    assert_eq!(run(&known, "", "").status, Some(3));
    let revoked = run(&format!("@revoked * {ed25519}\n"), &known, "");
    assert!(revoked.error().contains("revoked"), "{}", revoked.error());
    assert_eq!(run("", &format!("the-gate {ed25519}\n"), alias).status, Some(3));
    // --host-key lets an unknown key in, never a changed one.
    for (global, own) in [
        ("", format!("the-gate {stranger}\n")),
        (&*format!("the-gate {stranger}\n"), String::new()),
    ] {
        let changed = run(global, &own, alias);
        assert!(changed.error().contains("has CHANGED"), "{}", changed.error());
        assert!(
            changed.error().contains("ssh-keygen -R the-gate"),
            "{}",
            changed.error()
        );
    }
}

/// A plan for one SSH server is no approval for another that answers under the same name, with either client.
#[test]
fn a_digest_is_bound_to_the_host_key() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let mut scene = Scene::new(&world, BastionOptions::new());
    let clients: [&[&str]; 2] = [
        &["--known-hosts", "/run/world/tmp/known"],
        &["--ssh-command", "ssh", "--known-hosts", "/run/world/tmp/known"],
    ];
    let know = |scene: &Scene<'_>| {
        world.sh_with("cat >/run/world/tmp/known", &[], scene.bastion.known_hosts().as_bytes());
    };
    know(&scene);
    let digest = |scene: &Scene<'_>, client: &[&str]| {
        let plan = told(&scene.program("plan", "root", "stitch").args(client));
        plan.report["plan_digest"]
            .as_str()
            .unwrap_or_else(|| panic!("{plan:#?}"))
            .to_owned()
    };
    let approved = clients.map(|client| digest(&scene, client));
    assert_eq!(approved[0], digest(&scene, clients[0]), "the same plan");
    scene.bastion.stop();
    scene
        .bastion
        .run("mkdir /kept; mv /etc/ssh/ssh_host_* /kept; ssh-keygen -qA");
    let new_keys = scene.bastion.run("cut -d' ' -f1,2 /etc/ssh/ssh_host_*_key.pub");
    let kept = scene.bastion.host_keys().join("\n");
    let list = world.outside("/run/world/bastion/hostkeys");
    scene.bastion.restart(|options| options);
    std::fs::write(&list, new_keys).expect("a file");
    know(&scene);
    for (client, digest) in clients.iter().zip(&approved) {
        let setup = scene.program("setup", "root", "stitch").args(*client).arg("--yes");
        let refused = told(&setup.args(["--expect", digest]));
        assert_eq!(refused.status, Some(3), "{refused:#?}");
        assert!(
            refused
                .stderr
                .contains("but the server, port, login or SSH server differs"),
            "{}",
            refused.stderr
        );
    }
    assert!(!scene.bastion.try_run("id stitch").success());
    scene.bastion.stop();
    scene.bastion.run("rm /etc/ssh/ssh_host_*; mv /kept/* /etc/ssh");
    scene.bastion.restart(|options| options);
    std::fs::write(&list, kept).expect("a file");
    know(&scene);
    let setup = scene.program("setup", "root", "stitch").args(clients[1]).arg("--yes");
    let done = told(&setup.args(["--expect", &approved[1]]));
    assert_eq!(done.status, Some(0), "{done:#?}");
}
