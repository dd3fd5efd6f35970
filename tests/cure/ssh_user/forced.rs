//! Logins that run something else than what is asked for, or say something before it.

use super::scene::{Scene, told};
use crate::support::{BastionOptions, Need, world};

/// How the login is changed, and what of its own words is shown.
const INSTEAD: [(&str, &str, &str); 6] = [
    (
        "the forced command of cloud images",
        r#"sed -i "s/^/command=\"echo 'Please login as the user \\\\\"ubuntu\\\\\" rather than root.';echo;sleep 1;exit 142\" /" ~dave/.ssh/authorized_keys"#,
        "Please login as the user \"ubuntu\" rather than root.",
    ),
    (
        "a forced command that ends well",
        r#"sed -i "s/^/command=\"echo uid=0; echo sudo=works\" /" ~dave/.ssh/authorized_keys"#,
        "uid=0",
    ),
    (
        "a closed account",
        "usermod -s /usr/sbin/nologin dave",
        "This account is currently not available",
    ),
    (
        "a shell that is no shell",
        "usermod -s /bin/false dave",
        "it printed nothing",
    ),
    (
        "a start-up file that ends",
        "usermod -s /bin/bash dave; printf 'echo not today; exit 0\\n' >~dave/.bashrc",
        "not today",
    ),
    (
        "a start-up file that reads what is not its own",
        "usermod -s /bin/bash dave; printf 'read -r line\\n' >~dave/.bashrc",
        "exit status 96",
    ),
];

#[test]
fn something_else_is_run() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    for (case, change, words) in INSTEAD {
        scene
            .bastion
            .run("cp -p ~dave/.ssh/authorized_keys /tmp/kept; usermod -s /bin/sh dave");
        scene.bastion.run(change);
        let told = told(&scene.program("check", "dave", "stitch"));
        assert_eq!(told.status, Some(1), "{case}: {told:#?}");
        assert!(
            told.error().contains(words) && told.error().contains("runs something else"),
            "{case}: {}",
            told.error()
        );
        assert!(!told.error().contains("sudoers"), "{case}: {}", told.error());
        scene
            .bastion
            .run("cp -p /tmp/kept ~dave/.ssh/authorized_keys; rm -f ~dave/.bashrc");
    }
}

/// What a start-up file prints is not taken for an answer of ours.
#[test]
fn something_is_said_before() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    scene.bastion.run(
        "usermod -s /bin/bash root
         printf 'echo exists=no; echo uid=5; echo sudo=wants; echo \"key_line=ssh-rsa AAAA\"\\n' >/root/.bashrc",
    );
    scene.is_ready("stitch");
}
