//! The rule that is printed for a login that may not become root: it lets in that login and no other, for the one command
//! that is run, and is checked before it counts.

use super::scene::{Scene, Told, told};
use crate::support::{BastionOptions, Need, world};

/// What the login is called by `id -un`, beside the name it logs in with.
const NAMES: [&str; 6] = ["dave", "ALL", "%sudo", "CORP\\ann", "a,carol", "ADMINS"];

fn command(told: &Told) -> String {
    let (_, rest) = told
        .error()
        .split_once("until it is undone: ")
        .unwrap_or_else(|| panic!("{}", told.error()));
    rest.to_owned()
}

#[test]
fn a_rule_for_one_login_and_one_command() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let bastion = &scene.bastion;
    bastion.run(
        "echo 'User_Alias ADMINS = carol' >/etc/sudoers.d/aliases; echo 'eve ALL=(daemon) /bin/true' >/etc/sudoers.d/eve
         chmod 440 /etc/sudoers.d/*; useradd -m eve; useradd -m mallory; for f in passwd shadow; do cp /etc/$f /etc/$f.at-first; done",
    );
    let others = || {
        bastion.run("visudo -cq; for user in root admin carol eve mallory daemon; do sudo -l -U $user; done; find /etc/sudoers* -type f ! -name 'stitch-pg-*' -exec stat -c '%n %a %U %s' {} + -exec cat {} +")
    };
    for name in NAMES {
        // The first line of a number is the one that counts.
        let called = name.replace('\\', "\\\\");
        bastion.run(&format!(
            "for f in passwd shadow; do {{ sed -n 's/^dave:/{called}:/p' /etc/$f.at-first; cat /etc/$f.at-first; }} >/etc/$f; done"
        ));
        assert_eq!(bastion.run("id -un $(id -u dave)").trim(), name);
        let before = others();
        let refused = told(&scene.program("check", "dave", "stitch"));
        let (script, undo) = refused_with(&refused);
        assert!(
            refused.error().find("script --for sysadmin") < refused.error().find("/etc/sudoers.d"),
            "{}",
            refused.error()
        );
        bastion.run(&script);
        let file = "/etc/sudoers.d/stitch-pg-$(id -u dave)";
        let rule = bastion.run(&format!("stat -c '%a %U' {file}; cat {file}; ls /etc/sudoers.d"));
        assert!(
            rule.starts_with("440 root\n") && !rule.contains(".new"),
            "{name}: {rule}"
        );
        assert_eq!(others(), before, "{name}: {rule}");
        let as_dave = |command: &str| {
            bastion
                .try_run(&format!("runuser -u dave -- sudo -n {command}"))
                .success()
        };
        assert!(
            as_dave("sh -c :") && !as_dave("cat /etc/shadow") && !as_dave("-u daemon sh -c :"),
            "{name}: {rule}"
        );
        assert_eq!(
            told(&scene.program("check", "dave", "stitch")).status,
            Some(3),
            "{name}: {rule}"
        );

        bastion.run(&script);
        assert_eq!(
            bastion.run(&format!("stat -c '%a %U' {file}; cat {file}; ls /etc/sudoers.d")),
            rule
        );
        bastion.run(&undo);
        assert_eq!(others(), before);
        assert!(!as_dave("sh -c :"), "{name}");
    }
}

/// The command and the way back, which stands behind it as a remark.
#[track_caller]
fn refused_with(told: &Told) -> (String, String) {
    let script = command(told);
    let (_, undo) = script.split_once("# to undo it: ").expect("the way back");
    let undo = undo.to_owned();
    (script, undo)
}

#[test]
fn a_rule_of_doas() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let bastion = &scene.bastion;
    if !bastion.try_run("test -x /usr/bin/doas").success() {
        crate::support::cache::skip("no doas in the layer: run tests/bed/prepare.sh");
        return;
    }
    bastion.run("umask 077; printf '# by hand\\npermit carol as root\\n' >/etc/doas.conf; rm -f /usr/bin/sudo");
    let refused = told(&scene.program("check", "dave", "stitch"));
    assert!(!refused.error().contains("sudoers"), "{}", refused.error());
    let script = command(&refused);
    for _ in 0..2 {
        bastion.run(&script);
        let rules = bastion.run("cat /etc/doas.conf; ls /etc | grep doas; stat -c %a /etc/doas.conf");
        assert_eq!(
            rules,
            "# by hand\npermit carol as root\npermit nopass dave as root cmd sh\ndoas.conf\n600\n"
        );
    }
    let as_dave = |command: &str| {
        bastion
            .try_run(&format!("runuser -u dave -- doas -n {command}"))
            .success()
    };
    assert!(as_dave("sh -c :") && !as_dave("cat /etc/shadow"));
    assert_eq!(told(&scene.program("check", "dave", "stitch")).status, Some(3));
}
