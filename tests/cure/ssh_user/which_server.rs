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

/// What is in its files now may not be what it uses: it reads them once, and one that is started for each connection has a command
/// line that cannot be seen afterwards.
#[test]
fn settings_that_are_not_those_in_force() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(
        &world,
        BastionOptions::new().config("Include /etc/ssh/sshd_config.d/*.conf"),
    );
    scene.has_working("stitch");
    let code = "ssh-settings-unreadable";
    assert_eq!(scene.check("stitch").verdict(code), None);
    let change = "touch -d '+1 minute'";
    for (file, arrange) in [
        (
            "/etc/ssh/sshd_config",
            "echo 'AllowTcpForwarding no' >>/etc/ssh/sshd_config",
        ),
        ("/etc/ssh/sshd_config.d", "mkdir /etc/ssh/sshd_config.d"),
    ] {
        scene.bastion.run(&format!(
            "cp -p /etc/ssh/sshd_config /tmp/kept; {arrange}; {change} {file}"
        ));
        let late = scene.check("stitch");
        assert_eq!(late.verdict(code), Some("unknown"), "{file}: {late:#?}");
        assert!(
            late.report.to_string().contains(&format!("{file} was changed after")),
            "{late:#?}"
        );
        assert!(scene.tunnel_works("stitch"), "it uses the former ones");
        scene
            .bastion
            .run("rm -rf /etc/ssh/sshd_config.d; cp -p /tmp/kept /etc/ssh/sshd_config");
    }
    let advice = {
        scene.bastion.run(&format!("{change} /etc/ssh/sshd_config"));
        scene.check("stitch").advice(code)
    };
    let (_, reload) = advice.split_once("as root: ").expect("a command");
    scene
        .bastion
        .run(&format!("touch -d '-1 minute' /etc/ssh/sshd_config; {reload}"));
    assert_eq!(scene.check_when_up("stitch").verdict(code), None);

    scene.bastion.stop();
    let server = "import socket, subprocess
listener = socket.create_server(('', 22))
while True:
    peer, _ = listener.accept()
    subprocess.Popen(['/usr/sbin/sshd', '-i', '-o', 'AllowTcpForwarding=no'], stdin=peer, stdout=peer, stderr=subprocess.DEVNULL)
    peer.close()
";
    std::fs::write(scene.bastion.outside("/tmp/server.py"), server).expect("a file");
    world.sh("on bastion python3 /tmp/server.py </dev/null >/dev/null 2>&1 & wait_listen bastion 22");
    let each = scene.check("stitch");
    assert_eq!(each.verdict(code), Some("unknown"), "{each:#?}");
    assert!(
        each.report.to_string().contains("started for each connection"),
        "{each:#?}"
    );
    assert!(!scene.tunnel_works("stitch"));
}

/// Alpine has sshd a second time, built with PAM, and images start it with a file of their own. The one that serves is judged and
/// fixed, and not the one that is installed besides.
#[test]
fn a_server_by_another_name_with_another_file() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    scene.bastion.stop();
    scene.bastion.run(
        "mkdir /config; (echo AllowUsers root; cat /etc/ssh/sshd_config) >/config/sshd_config
         cp /usr/sbin/sshd /usr/sbin/sshd.pam; /usr/sbin/sshd.pam -f /config/sshd_config",
    );
    let seen = scene.check_when_up("stitch");
    assert_eq!(seen.verdict("ssh-not-allowed"), Some("bad"), "{seen:#?}");
    assert!(!scene.tunnel_works("stitch"));
    let advice = seen.advice("ssh-not-allowed");
    assert!(advice.contains("/config/sshd_config"), "{advice}");
    super::doctor::follow(&scene.bastion, &advice);
    let mended = scene.check_when_up("stitch");
    assert_eq!(
        (mended.status, mended.verdict("ssh-not-allowed")),
        (Some(0), None),
        "{mended:#?}"
    );
    assert!(scene.tunnel_works("stitch"));
}
