//! The choices about Stitch's user: whether an existing one is used, and its shell.

use super::scene::{Scene, Told, told};
use crate::support::{BastionOptions, Kind, Need, Server, world};

fn run(scene: &Scene<'_>, command: &str, user: &str, flags: &[&str]) -> Told {
    told(&scene.program(command, "root", user).arg("--yes").args(flags))
}

#[test]
fn a_persons_account_is_taken_only_when_told_to() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene
        .bastion
        .run("useradd -m person; echo person:secret | chpasswd; useradd -m -G sudo sudoer; useradd -o -u 0 -m zero");
    for user in ["person", "sudoer"] {
        let refused = run(&scene, "setup", user, &[]);
        assert_eq!((refused.status, refused.changes().len()), (Some(4), 0), "{refused:#?}");
        assert!(refused.report.to_string().contains("--adopt-user"), "{refused:#?}");
        let taken = run(&scene, "setup", user, &["--adopt-user"]);
        assert_eq!(taken.status, Some(0), "{taken:#?}");
        let again = run(&scene, "check", user, &["--adopt-user"]);
        assert_eq!(again.report["result"], "ready", "{again:#?}");
        assert!(scene.tunnel_works(user));
    }
    let group = run(&scene, "check", "sudoer", &["--adopt-user"]);
    assert_eq!(group.verdict("ssh-user-adopted"), Some("unknown"), "{group:#?}");
    // Root under another name stays root.
    let root = run(&scene, "setup", "zero", &["--adopt-user"]);
    assert_eq!((root.status, root.changes().len()), (Some(4), 0), "{root:#?}");
}

#[test]
fn the_shell_is_chosen() {
    for kind in [Kind::Debian, Kind::BusyBox] {
        let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().kind(kind));
        let shell = || scene.bastion.run("sed -n 's/^stitch:.*://p' /etc/passwd");
        let made = run(&scene, "setup", "stitch", &["--tunnel-only"]);
        assert_eq!(made.status, Some(0), "{made:#?}");
        assert!(
            shell().contains("/nologin") || shell().contains("/false"),
            "{}",
            shell()
        );
        assert_eq!(made.verdict("ssh-shell-nologin"), Some("unknown"), "{made:#?}");
        assert!(scene.tunnel_works("stitch"), "OpenSSH forwards all the same");
        let kept = run(&scene, "check", "stitch", &[]);
        assert_eq!((kept.status, kept.changes().len()), (Some(0), 0), "{kept:#?}");
        if kind == Kind::Debian {
            let other = run(&scene, "setup", "stitch", &["--shell", "/bin/sh"]);
            assert_eq!((other.status, shell().as_str()), (Some(0), "/bin/sh\n"), "{other:#?}");
            let gone = run(&scene, "setup", "stitch", &["--shell", "/bin/gone"]);
            assert!(gone.error().contains("there is no shell /bin/gone"), "{gone:#?}");
        }
    }
}

/// Dropbear wants the shell in /etc/shells.
#[test]
fn dropbear_refuses_users_without_a_shell() {
    let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
        return;
    };
    let options = BastionOptions::new().kind(Kind::BusyBox).server(Server::Dropbear);
    let scene = Scene::new(&world, options);
    let made = run(&scene, "setup", "stitch", &["--tunnel-only"]);
    assert_eq!(
        (made.status, made.verdict("ssh-shell-nologin")),
        (Some(4), Some("bad")),
        "{made:#?}"
    );
    assert!(!scene.tunnel_works("stitch"));
}
