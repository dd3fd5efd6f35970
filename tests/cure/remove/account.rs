//! The Linux user and its key, on a real SSH server.

use crate::cure::ssh_user::scene::{Scene, Told, told};
use crate::support::{BastionOptions, Need, world};

/// Everything on the SSH server that an account leaves traces in.
const TRACES: &str = "cat /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/subuid /etc/subgid; ls -lR /home";

fn remove(scene: &Scene<'_>, user: &str) -> Told {
    told(&scene.program("remove", "root", user).arg("--yes"))
}

#[test]
fn a_user_that_was_made_goes_without_a_trace() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let before = scene.bastion.run(TRACES);
    assert_eq!(scene.setup("stitch").status, Some(0));
    assert!(scene.tunnel_works("stitch"));
    // A client is in the tunnel; userdel alone would refuse.
    let mut tunnel = scene.bastion.ssh(&scene.ops, "stitch", &scene.stitch);
    tunnel.args(["-N", "-L", "127.0.0.1:9:127.0.0.1:9", "-o", "ExitOnForwardFailure=no"]);
    let _tunnel = crate::support::Running::new(crate::support::spawn(&mut tunnel), (&scene.ops).into());
    while scene.bastion.run("pgrep -u stitch || :").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }

    let looked = told(&scene.program("remove", "root", "stitch"));
    assert_eq!((looked.status, looked.changes().len()), (Some(3), 2), "{looked:#?}");
    assert!(scene.tunnel_works("stitch"), "without --yes nothing is changed");
    let removed = remove(&scene, "stitch");
    assert_eq!((removed.status, removed.changes().len()), (Some(0), 2), "{removed:#?}");
    assert_eq!(scene.bastion.run(TRACES), before);
    assert!(!scene.tunnel_works("stitch"));
    let again = remove(&scene, "stitch");
    assert_eq!(
        (again.status, again.verdict("removed")),
        (Some(0), Some("good")),
        "{again:#?}"
    );
}

/// An account that stitch-pg did not make stays when it holds anything else; only Stitch's key is removed.
#[test]
fn a_user_of_somebody_elses_stays() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    for (user, holds) in [
        (
            "keyed",
            "echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl x' >>~keyed/.ssh/authorized_keys",
        ),
        ("filed", "echo data >~filed/data"),
        ("worded", "echo worded:word | chpasswd"),
    ] {
        scene.has_working(user);
        let file = format!("/home/{user}/.ssh/authorized_keys");
        scene.bastion.run(holds);
        let lines = scene.bastion.run(&format!("grep -vF restrict {file} || :"));
        let removed = remove(&scene, user);
        assert_eq!(
            (removed.status, removed.changes().len()),
            (Some(0), 1),
            "{user}: {removed:#?}"
        );
        assert_eq!(removed.verdict("not-removed"), Some("unknown"), "{user}: {removed:#?}");
        assert_eq!(scene.bastion.run(&format!("cat {file}")), lines, "{user}");
        assert!(scene.bastion.try_run(&format!("id {user}")).success());
        assert!(!scene.tunnel_works(user), "{user}");
    }
    // Empty but for Stitch's key, so it is removed.
    scene.has_working("empty");
    let removed = remove(&scene, "empty");
    assert_eq!((removed.status, removed.changes().len()), (Some(0), 2), "{removed:#?}");
    assert!(!scene.bastion.try_run("id empty").success());
}

/// `--undo`: the SSH server as it was, byte for byte, also when the run that wrote the file ended in the middle.
#[test]
fn the_undo_file_leaves_no_trace() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let before = scene.bastion.run(TRACES);
    let undo = |name: &str| {
        let script = format!("cd /run/world/tmp && sh {name}.sh");
        crate::support::Program::new("sh", &scene.ops)
            .args(["-c", &script])
            .run()
    };
    let file = |name: &str| format!("/run/world/tmp/{name}.sh");
    let made = told(
        &scene
            .program("setup", "root", "stitch")
            .args(["--yes", "--undo", &file("whole")]),
    );
    assert_eq!(made.status, Some(0), "{made:#?}");
    assert_ne!(scene.bastion.run(TRACES), before);
    let undone = undo("whole");
    assert!(undone.success(), "{undone:?}");
    assert_eq!(scene.bastion.run(TRACES), before);

    // The second change fails: there is no place for the key.
    scene.bastion.run("mkdir -p /home/stitch/.ssh/authorized_keys");
    let failed = told(
        &scene
            .program("setup", "root", "stitch")
            .args(["--yes", "--undo", &file("half")]),
    );
    assert_eq!(failed.status, Some(1), "{failed:#?}");
    scene.bastion.run("rmdir ~stitch/.ssh/authorized_keys");
    let undone = undo("half");
    assert!(undone.success(), "{undone:?}");
    assert_eq!(scene.bastion.run(TRACES), before);
}
