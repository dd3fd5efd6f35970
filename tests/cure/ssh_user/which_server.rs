//! Several SSH servers on one machine: the settings that are judged are those of the one that Stitch connects to.

use super::scene::{Scene, Told, told};
use crate::support::{BastionOptions, Need, world};

fn check(scene: &Scene<'_>, port: &str) -> Told {
    told(
        &scene
            .program("check", "root", "stitch")
            .args(["--stitch-bastion-port", port]),
    )
}

#[test]
fn another_file_and_other_arguments() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    assert_eq!(check(&scene, "22").status, Some(0));
    let start = |arguments: &str| {
        scene.bastion.run(&format!(
            "grep -v ^Port /etc/ssh/sshd_config >/etc/ssh/other; echo 'PidFile /run/other.pid' >>/etc/ssh/other
             [ ! -e /run/other.pid ] || kill $(cat /run/other.pid); rm -f /run/other.pid
             /usr/sbin/sshd -f /etc/ssh/other -p 2222 {arguments}; until [ -e /run/other.pid ]; do sleep 0.05; done"
        ));
    };
    for (arguments, code) in [
        ("", None),
        ("-o 'AllowUsers root admin'", Some("ssh-not-allowed")),
        ("-o 'AllowUsers root stitch'", None),
        ("-oAllowTcpForwarding=no", Some("ssh-forwarding-off")),
    ] {
        start(arguments);
        let seen = check(&scene, "2222");
        match code {
            Some(code) => assert_eq!(
                (seen.status, seen.verdict(code)),
                (Some(4), Some("bad")),
                "{arguments}: {seen:#?}"
            ),
            None => assert_eq!(seen.status, Some(0), "{arguments}: {seen:#?}"),
        }
        // The one that we came through has none of it.
        assert_eq!(check(&scene, "22").status, Some(0), "{arguments}");
    }
    start("");
    scene
        .bastion
        .run("echo 'AllowUsers root' >>/etc/ssh/other; [ ! -e /run/other.pid ] || kill -HUP $(cat /run/other.pid)");
    assert_eq!(check(&scene, "2222").verdict("ssh-not-allowed"), Some("bad"));
}

/// In a container its files are not ours to read.
#[test]
fn a_server_in_a_container() {
    let Some(world) = world(&[Need::Bastion, Need::Debian13]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    let root = scene.bastion.root().display().to_string();
    world.sh(&format!(
        "mkdir {root}/box; mount -t tmpfs tmpfs {root}/box; tar -C {root}/box -xf \"$CACHE/debian13.tar\"
         mkdir -p {root}/box/run/sshd; cp {root}/etc/ssh/ssh_host_* {root}/box/etc/ssh/; mount -t proc proc {root}/box/proc
         for n in null random urandom; do : >{root}/box/dev/$n; mount --bind /dev/$n {root}/box/dev/$n; done
         nsenter --net=/run/netns/bastion chroot {root}/box /usr/sbin/sshd -p 2222; wait_listen bastion 2222"
    ));
    let seen = check(&scene, "2222");
    assert_eq!(
        (seen.status, seen.verdict("ssh-settings-unreadable")),
        (Some(0), Some("unknown")),
        "{seen:#?}"
    );
    assert!(seen.report.to_string().contains("runs in a container"), "{seen:#?}");
    assert_eq!(seen.verdict("ssh-server-allows"), None, "{seen:#?}");
    assert_eq!(check(&scene, "22").verdict("ssh-server-allows"), Some("good"));
}
