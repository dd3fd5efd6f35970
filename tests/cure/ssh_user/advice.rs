//! Problems that an administrator must fix: each has its code, and nothing is changed.

use super::scene::Scene;
use crate::support::{BastionOptions, Need, world};

/// Name (also the user's), what is done to a working account, code, verdict.
const ACCOUNTS: [(&str, &str, &str, &str); 15] = [
    (
        "linkfile",
        "mv ~linkfile/.ssh/authorized_keys /root/k; ln -s /root/k ~linkfile/.ssh/authorized_keys",
        "ssh-key-file-not-regular",
        "bad",
    ),
    (
        "linkdir",
        "mv ~linkdir/.ssh /root/d; ln -s /root/d ~linkdir/.ssh",
        "ssh-key-file-not-regular",
        "bad",
    ),
    ("rootuid", "usermod -o -u 0 rootuid", "ssh-user-in-use", "bad"),
    ("sudoer", "usermod -aG sudo sudoer", "ssh-user-in-use", "bad"),
    (
        "person",
        "echo person:secret | chpasswd; : >~person/.ssh/authorized_keys",
        "ssh-user-in-use",
        "bad",
    ),
    (
        "others",
        "echo 'ssh-ed25519 AAAAother x' >~others/.ssh/authorized_keys",
        "ssh-user-in-use",
        "bad",
    ),
    ("expired", "usermod -e 2020-01-01 expired", "ssh-user-expired", "bad"),
    ("newpass", "chage -d 0 newpass", "ssh-user-expired", "bad"),
    (
        "halted",
        "echo halted:secret | chpasswd; passwd -q -l halted",
        "ssh-user-locked",
        "bad",
    ),
    (
        "secret",
        "echo secret:secret | chpasswd",
        "ssh-user-password",
        "unknown",
    ),
    ("empty", "usermod -p '' empty", "ssh-user-empty-password", "bad"),
    ("noshell", "usermod -s /bin/gone noshell", "ssh-shell-missing", "bad"),
    (
        "nologin",
        "usermod -s /usr/sbin/nologin nologin",
        "ssh-shell-nologin",
        "unknown",
    ),
    ("nowhere", "usermod -d /nonexistent nowhere", "ssh-home-missing", "bad"),
    ("theirs", "chown daemon ~theirs", "ssh-home-owner", "bad"),
];

#[test]
fn accounts_that_need_a_person() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().use_pam(false));
    for (user, breaking, code, verdict) in ACCOUNTS {
        scene.has_working(user);
        scene.bastion.run(breaking);
        let before = scene
            .bastion
            .run("cat /etc/passwd /etc/shadow; ls -lAnR /home /root --time-style=+");
        let seen = scene.check(user);
        assert_eq!(seen.verdict(code), Some(verdict), "{user}: {seen:#?}");
        let left = scene.setup(user);
        let wanted = if verdict == "bad" { Some(4) } else { Some(0) };
        assert_eq!(left.status, wanted, "{user}: {left:#?}");
        let after = scene
            .bastion
            .run("cat /etc/passwd /etc/shadow; ls -lAnR /home /root --time-style=+");
        assert_eq!(before, after, "{user}");
        follows(&scene, user, &seen.advice(code));
    }
}

/// What is printed for root touches that user's lines and home, and no other user's; a second time it changes nothing.
#[track_caller]
fn follows(scene: &Scene<'_>, user: &str, advice: &str) {
    let Some((_, command)) = advice.split_once("as root: ") else {
        return;
    };
    let command = command.lines().next().unwrap_or_default();
    let state = || {
        let told = "cat /etc/passwd /etc/shadow /etc/group; ls -lAnR -d /home/* /root/* --time-style=+";
        scene.bastion.run(told)
    };
    let before = state();
    scene.bastion.run(command);
    let after = state();
    let lines = |text: &str| {
        text.lines()
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
    };
    let (old, new) = (lines(&before), lines(&after));
    let changed: Vec<&String> = old.symmetric_difference(&new).collect();
    let removes = command.contains("rm /");
    let may_be_unseen = removes || command.starts_with("passwd -S");
    assert!(
        may_be_unseen || !changed.is_empty(),
        "{user}: {command} changes nothing"
    );
    for line in changed {
        let is_own = line.starts_with(&format!("{user}:")) || line.ends_with(&format!(" /home/{user}"));
        // Removing a link leaves what it led to.
        assert!(is_own, "{user}: {command}: {line}");
    }
    if !removes {
        scene.bastion.run(command);
        assert_eq!(state(), after, "{user}: {command} a second time");
    }
}

/// A directory above the home that is closed to the user.
#[test]
fn a_closed_way() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    scene.bastion.run("chmod 700 /home");
    let seen = scene.check("stitch");
    assert_eq!(seen.verdict("ssh-home-unreachable"), Some("bad"), "{seen:#?}");
    assert!(!scene.tunnel_works("stitch"));
    scene.bastion.run("chmod 755 /home");
    scene.is_ready("stitch");
}

/// A group of that name, with the rights that the new user would get.
#[test]
fn a_group_of_that_name() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let seen = scene.check("adm");
    assert_eq!(
        (seen.status, seen.verdict("ssh-user-in-use")),
        (Some(4), Some("bad")),
        "{seen:#?}"
    );
    // Left over from a run that was cut short.
    scene.bastion.run("groupadd stitch");
    scene.is_cured("stitch", "add the user");
}

/// sshd does not say what it makes of its file; then the file is read, and nothing is certain.
#[test]
fn a_server_that_does_not_explain_itself() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    scene.bastion.run(
        "mkdir -p /etc/ssh/more.d; echo 'allowUSERS root' >/etc/ssh/more.d/1.conf
         sed -i '1i Include more.d/*.conf\\nBogus yes\\nAllowTcpForwarding no\\n#PermitOpen none' /etc/ssh/sshd_config
         printf 'Match User root\\nPubkeyAuthentication no\\n' >>/etc/ssh/sshd_config",
    );
    let seen = scene.check("stitch");
    assert_eq!(seen.status, Some(0), "{seen:#?}");
    for code in ["ssh-settings-unreadable", "ssh-not-allowed", "ssh-forwarding-off"] {
        assert_eq!(seen.verdict(code), Some("unknown"), "{code}: {seen:#?}");
    }
    assert_eq!(seen.verdict("ssh-forwarding-restricted"), None);
    assert_eq!(seen.verdict("ssh-key-login-off"), None, "it stands in a Match block");
}
