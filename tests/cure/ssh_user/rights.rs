//! Every way to be root on the bastion, and every way to be refused.

use super::scene::{Scene, told};
use crate::support::sshd::CAROL_PASSWORD;
use crate::support::{BastionOptions, Need, world};

#[test]
fn through_sudo() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let free = told(&scene.program("setup", "admin", "one").arg("--yes"));
    assert_eq!(free.status, Some(0), "{free:#?}");
    scene.is_ready("one");

    let with_password = |command: &str, password: &str| {
        told(
            &scene
                .program(command, "carol", "two")
                .arg("--yes")
                .env("STITCH_PG_SUDO_PASSWORD", password),
        )
    };
    let given = with_password("setup", CAROL_PASSWORD);
    assert_eq!(given.status, Some(0), "{given:#?}");
    scene.is_ready("two");
    assert!(!given.report.to_string().contains(CAROL_PASSWORD) && !given.stderr.contains(CAROL_PASSWORD));

    let wrong = with_password("check", "wrong");
    assert_eq!(wrong.status, Some(1), "{wrong:#?}");
    assert!(wrong.error().contains("STITCH_PG_SUDO_PASSWORD"), "{}", wrong.error());

    let missing = told(&scene.program("check", "carol", "two"));
    assert!(missing.error().contains("sudo needs a password"), "{}", missing.error());
    assert!(missing.error().contains("/etc/sudoers.d/"), "{}", missing.error());
}

#[test]
fn without_rights() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.bastion.run("echo dave:dave-secret | chpasswd");
    let refused = told(
        &scene
            .program("check", "dave", "stitch")
            .env("STITCH_PG_SUDO_PASSWORD", "dave-secret"),
    );
    assert_eq!(refused.status, Some(1), "{refused:#?}");
    assert!(
        refused.error().contains("dave is not in the sudoers file"),
        "{}",
        refused.error()
    );
    assert!(refused.error().contains("script --for sysadmin"), "{}", refused.error());

    scene
        .bastion
        .run("echo 'Defaults:admin requiretty' >/etc/sudoers.d/tty; chmod 440 /etc/sudoers.d/tty");
    // It insists on a terminal, and gets one.
    let tty = told(&scene.program("setup", "admin", "three").arg("--yes"));
    assert_eq!(tty.status, Some(0), "{tty:#?}");
    scene.is_ready("three");
    scene.bastion.run("echo 'Defaults requiretty' >/etc/sudoers.d/tty");
    let carol = |password: &str| {
        let program = scene.program("check", "carol", "three");
        told(&program.env("STITCH_PG_SUDO_PASSWORD", password))
    };
    assert_eq!(carol(CAROL_PASSWORD).report["result"], "ready");
    let wrong = carol("wrong");
    assert!(
        wrong.error().contains("refuses the password of carol"),
        "{}",
        wrong.error()
    );
    assert!(!wrong.report.to_string().contains(CAROL_PASSWORD));

    scene
        .bastion
        .run("mv /usr/bin/sudo /usr/bin/sudo.away; rm -f /usr/bin/doas");
    let none = told(&scene.program("check", "admin", "stitch"));
    assert!(none.error().contains("neither sudo nor doas"), "{}", none.error());
}

/// Where sudo and PAM speak another language it is understood all the same: what is asked, and what a refusal is.
#[test]
fn another_language() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(
        &world,
        BastionOptions::new().config("SetEnv LANG=de_DE.UTF-8 LANGUAGE=de"),
    );
    scene.has_working("stitch");
    scene.bastion.run(
        "localedef -i de_DE -f UTF-8 /usr/lib/locale/de_DE.UTF-8
         test -e /usr/share/locale/de/LC_MESSAGES/sudoers.mo
         su carol -s /bin/sh -c 'LANG=de_DE.UTF-8 sudo -n true 2>&1 || :' | grep -q Passwort",
    );
    let carol = |password: &str| {
        let program = scene.program("check", "carol", "stitch");
        told(&program.env("STITCH_PG_SUDO_PASSWORD", password))
    };
    for terminal in [false, true] {
        if terminal {
            scene
                .bastion
                .run("echo 'Defaults requiretty' >/etc/sudoers.d/tty; chmod 440 /etc/sudoers.d/tty");
        }
        assert_eq!(carol(CAROL_PASSWORD).report["result"], "ready", "{terminal}");
        let wrong = carol("wrong");
        assert!(
            wrong.error().contains("refuses the password of carol"),
            "{terminal}: {}",
            wrong.error()
        );
    }
}

/// What sudo says on the side is no failure.
#[test]
fn a_host_without_a_name() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.bastion.run("echo '127.0.0.1 localhost' >/etc/hosts");
    let free = told(&scene.program("setup", "admin", "stitch").arg("--yes"));
    assert_eq!(free.status, Some(0), "{free:#?}");
}

/// doas, where there is no sudo; a password it takes from a terminal only.
#[test]
fn through_doas() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    if !scene.bastion.try_run("test -x /usr/bin/doas").success() {
        crate::support::cache::skip("no doas in the layer: run tests/bed/prepare.sh");
        return;
    }
    let rule = |rule: &str| {
        let script = format!("umask 077; echo '{rule}' >/etc/doas.conf; rm -f /usr/bin/sudo");
        scene.bastion.run(&script)
    };
    rule("permit nopass dave as root");
    let made = told(&scene.program("setup", "dave", "stitch").arg("--yes"));
    assert_eq!(made.status, Some(0), "{made:#?}");
    scene.is_ready("stitch");
    rule("permit dave as root");
    let asked = told(&scene.program("check", "dave", "stitch"));
    assert!(asked.error().contains("doas needs a password"), "{}", asked.error());
    scene.bastion.run("echo dave:dave-secret | chpasswd");
    let with_password = |command: &str, password: &str| {
        let program = scene.program(command, "dave", "secret").arg("--yes");
        told(&program.env("STITCH_PG_SUDO_PASSWORD", password))
    };
    let made = with_password("setup", "dave-secret");
    assert_eq!(made.status, Some(0), "{made:#?}");
    scene.is_ready("secret");
    assert!(!made.report.to_string().contains("dave-secret") && !made.stderr.contains("dave-secret"));
    assert!(!scene.bastion.log().contains("dave-secret"));
    let wrong = with_password("check", "wrong");
    assert!(wrong.error().contains("doas on"), "{}", wrong.error());
    rule("deny dave");
    let denied = told(&scene.program("check", "dave", "stitch"));
    assert_eq!(denied.status, Some(1), "{denied:#?}");
    assert!(denied.error().contains("doas reports: "), "{}", denied.error());
}
