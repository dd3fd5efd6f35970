//! Accounts that last: whatever the system has for new users.

use super::scene::Scene;
use crate::support::{BastionOptions, Kind, Need, world};

fn made_to_last(kind: Kind) {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().kind(kind));
    scene.bastion.run(
        "sed -i -E '/^(PASS_|UMASK|USERGROUPS_ENAB|HOME_MODE)/d' /etc/login.defs
         printf 'PASS_MAX_DAYS 60\\nPASS_WARN_AGE 7\\nUMASK 002\\nHOME_MODE 0777\\n' >>/etc/login.defs
         useradd -D -f 30 -e 2030-01-01; sed -i /^SHELL/d /etc/default/useradd; echo SHELL=/nonexistent >>/etc/default/useradd
         mkdir -p /etc/skel/.ssh; echo 'ssh-rsa AAAA skeleton' >/etc/skel/.ssh/authorized_keys; chmod 777 /etc/skel/.ssh
         printf 'umask 002\\n' >>/root/.bashrc",
    );
    scene.is_cured("stitch", "add the user stitch");
    let shadow = scene.bastion.run("grep '^stitch:' /etc/shadow");
    let fields: Vec<&str> = shadow.trim().split(':').collect();
    assert!(
        matches!((fields[4], fields[6], fields[7]), ("" | "-1", "" | "-1", "" | "-1")),
        "{shadow}"
    );
    assert_eq!(scene.bastion.run("grep -c . ~stitch/.ssh/authorized_keys").trim(), "1");
}

#[test]
fn made_to_last_on_debian() {
    made_to_last(Kind::Debian);
}

#[test]
fn made_to_last_on_red_hat() {
    made_to_last(Kind::RhelLike);
}

/// A future expiry is reported with its date, and the printed command removes it.
#[test]
fn an_end_to_come_is_told() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    for command in ["chage -M 60 -I 30 stitch", "chage -E 2030-02-28 stitch"] {
        scene.bastion.run(command);
        let told = scene.check("stitch");
        assert_eq!(
            (told.status, told.verdict("ssh-user-expired")),
            (Some(0), Some("unknown")),
            "{told:#?}"
        );
        let finding = told.report.to_string();
        let date = if command.contains("2030") {
            "2030-02-28".to_owned()
        } else {
            scene.bastion.run("date -d '+61 days' +%F").trim().to_owned()
        };
        assert!(finding.contains(&format!("from {date} on")), "{date}: {finding}");
        let advice = told.advice("ssh-user-expired");
        let (_, cure) = advice.split_once("as root: ").expect("a command");
        scene.bastion.run(cure);
        assert_eq!(scene.check("stitch").verdict("ssh-user-expired"), None, "{cure}");
    }
}

/// What stands in front of the key itself: an end, and an option that sshd does not know, for which it ignores the line.
#[test]
fn a_line_that_sshd_ignores() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    let file = "~stitch/.ssh/authorized_keys";
    scene.bastion.run(&format!("cp -p {file} /tmp/kept"));
    for (option, status, verdict) in [
        ("expiry-time=\"20200101\"", 4, Some("bad")),
        ("expiry-time=\"202001010101Z\"", 4, Some("bad")),
        ("expiry-time=\"20400101\"", 0, Some("unknown")),
        ("no-such-option", 3, None),
        ("principals=\"x\"", 3, None),
        ("from=\"*\",from=\"*\"", 3, None),
        ("touch-required,verify-required", 0, None),
    ] {
        scene.bastion.run(&format!(
            "cp -p /tmp/kept {file}; sed -i 's/^restrict/restrict,{option}/' {file}"
        ));
        let seen = scene.check("stitch");
        assert_eq!(
            (seen.status, seen.verdict("ssh-not-allowed")),
            (Some(status), verdict),
            "{option}: {seen:#?}"
        );
        assert_eq!(scene.tunnel_works("stitch"), status == 0, "{option}");
        if status == 3 {
            assert_eq!(scene.setup("stitch").status, Some(0), "{option}");
            scene.is_ready("stitch");
        }
    }
}

/// A home that cannot be made: the system's own words.
#[test]
fn no_room_for_a_home() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    for (options, words) in [
        ("ro", "Read-only file system"),
        ("nr_inodes=1", "No space left on device"),
        ("nr_inodes=2", "No space left on device"),
    ] {
        scene
            .bastion
            .run(&format!("mount -t tmpfs -o mode=755,{options} tmpfs /home"));
        let failed = scene.setup("stitch");
        assert!(
            failed.status == Some(1) && failed.error().contains(words),
            "{options}: {failed:#?}"
        );
        scene.bastion.run("umount /home");
    }
}
