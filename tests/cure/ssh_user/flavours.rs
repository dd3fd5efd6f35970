//! From nothing to a working tunnel, on every kind of user tools and server.

use super::scene::Scene;
use crate::support::{BastionOptions, Kind, Need, Program, Server, world};

fn from_nothing(options: BastionOptions) {
    let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
        return;
    };
    let scene = Scene::new(&world, options);
    scene.is_cured("stitch", "add the user stitch");
    let shadow = scene.bastion.run("grep '^stitch:' /etc/shadow");
    assert!(shadow.starts_with("stitch:*:"), "{shadow}");
    // Nothing there is the user's: it can let no other key in.
    let modes = scene
        .bastion
        .run("find /home/stitch -exec ls -ldn {} + | sed 's/  */ /g' | cut -d' ' -f1,3,4,9");
    assert_eq!(
        modes,
        "drwxr-xr-x 0 0 /home/stitch\ndrwxr-xr-x 0 0 /home/stitch/.ssh\n-rw-r--r-- 0 0 /home/stitch/.ssh/authorized_keys\n"
    );
    let lines = scene.bastion.run("wc -l </home/stitch/.ssh/authorized_keys");
    assert_eq!(lines.trim(), "1");
}

#[test]
fn debian() {
    from_nothing(BastionOptions::new());
}

#[test]
fn debian_without_pam() {
    from_nothing(BastionOptions::new().use_pam(false));
}

#[test]
fn red_hat() {
    from_nothing(BastionOptions::new().kind(Kind::RhelLike));
}

#[test]
fn busybox() {
    from_nothing(BastionOptions::new().kind(Kind::BusyBox));
}

#[test]
fn busybox_with_dropbear() {
    let options = BastionOptions::new().kind(Kind::BusyBox).server(Server::Dropbear);
    from_nothing(options);
}

#[test]
fn debian_with_dropbear_on_another_port() {
    let options = BastionOptions::new().server(Server::Dropbear).port(2222);
    from_nothing(options);
}

/// What is printed for an administrator is what would be run: it leads to the same end, twice as well as once.
#[test]
fn the_printed_script() {
    for kind in [Kind::Debian, Kind::BusyBox] {
        let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().kind(kind));
        let printed = crate::support::stitch_pg(&scene.ops)
            .args([
                "script",
                "--for",
                "sysadmin",
                "--only",
                "ssh-user",
                "--no-input",
                "--bastion",
                "root@x",
            ])
            .args(["--public-key-file", "/run/world/tmp/stitch.pub"])
            .args(["--stitch-host", "10.20.0.3", "--stitch-port", "5432"])
            .run();
        assert_eq!(printed.status, Some(0), "{printed:#?}");
        for _ in 0..2 {
            let ran = scene.world.try_sh("on bastion sh", &[], printed.stdout.as_bytes());
            assert!(ran.success(), "{ran:#?}");
        }
        scene.is_ready("stitch");
    }
}

/// This machine is the SSH server.
#[test]
fn local() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    // The program itself, carried to the bastion and run there without SSH.
    std::fs::copy(
        crate::support::STITCH_PG,
        scene.bastion.outside("/usr/local/bin/stitch-pg"),
    )
    .expect("copied");
    std::fs::copy(
        world.outside("/run/world/tmp/stitch.pub"),
        scene.bastion.outside("/root/stitch.pub"),
    )
    .expect("copied");
    let run = |command: &str| {
        let script = format!(
            "stitch-pg {command} --only ssh-user --no-input --bastion local --public-key-file /root/stitch.pub \
             --stitch-host 10.20.0.3 --stitch-port 5432; echo status $?"
        );
        scene.bastion.try_run(&format!("set +e; {script}")).stdout
    };
    assert!(run("check").ends_with("status 3\n"));
    assert!(run("setup --yes").ends_with("status 0\n"));
    assert!(run("check").ends_with("status 0\n"));
    assert!(scene.tunnel_works("stitch"));
}

/// Each change's undoing is written down while it is applied; run from the last to the first, nothing is left.
#[test]
fn undone() {
    for kind in [Kind::Debian, Kind::BusyBox] {
        let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().kind(kind));
        let before = scene.bastion.run("cut -d: -f1 /etc/passwd /etc/group; ls /home");
        let program: Program = scene
            .program("setup", "root", "stitch")
            .arg("--yes")
            .args(["--undo", "/run/world/tmp/undo"]);
        assert_eq!(super::scene::told(&program).status, Some(0));
        let undo = world.sh("cat /run/world/tmp/undo");
        let scripts = host_scripts(&undo);
        assert_eq!(scripts.len(), 2, "{undo}");
        for script in scripts.iter().rev() {
            let ran = scene.world.try_sh("on bastion sh", &[], script.as_bytes());
            assert!(ran.success(), "{script}\n{ran:#?}");
        }
        assert_eq!(
            scene.bastion.run("cut -d: -f1 /etc/passwd /etc/group; ls /home"),
            before
        );
    }
}

/// The scripts in an undo file.
fn host_scripts(undo: &str) -> Vec<String> {
    let mut scripts = Vec::new();
    let mut rest = undo;
    while let Some(start) = rest.find("set -euf") {
        let end = rest[start..]
            .find("'stitch-pg: done'\n")
            .map_or(rest.len(), |at| start + at + 18);
        scripts.push(rest[start..end].to_owned());
        rest = &rest[end..];
    }
    scripts
}

/// Two servers stand before the bastion, each in a network that only the one before it reaches.
#[test]
fn through_two_jumps() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let keys = world.outside(world.dir().join("tmp"));
    let options = || BastionOptions::new().authorize(&crate::support::SshKey::ed25519(&keys));
    let far = world.bastion("far", &[("inner", "10.20.0.9/24"), ("deep", "10.30.0.9/24")], options());
    let deep = world.bastion("deepest", &[("deep", "10.30.0.8/24")], options());
    let config = "Host inside\n  HostName 10.30.0.8\n  User root\n  ProxyJump dave@198.51.100.20,dave@10.20.0.9\n\
                  Host *\n  IdentityFile /run/world/tmp/ed25519\n";
    std::fs::write(world.outside(world.home().join(".ssh/config")), config).expect("written");
    let run = |command: &str| {
        let program = crate::support::stitch_pg(&scene.ops)
            .args([command, "--only", "ssh-user", "--format", "json", "--no-input", "--yes"])
            .args(["--bastion", "inside", "--public-key-file", "/run/world/tmp/stitch.pub"])
            .args(["--allow-cidr", "52.23.137.21", "--stitch-host", "10.30.0.3"]);
        super::scene::told(&program)
    };
    // Every host key on the way counts.
    let unknown = run("check");
    assert!(
        unknown.error().contains("the host key of 10.20.0.9 is not known"),
        "{}",
        unknown.error()
    );
    far.remember();
    let unknown = run("check");
    assert!(
        unknown.error().contains("the host key of 10.30.0.8 is not known"),
        "{}",
        unknown.error()
    );
    deep.remember();
    let made = run("setup");
    assert_eq!(made.status, Some(0), "{made:#?}");
    assert_eq!(run("check").report["result"], "ready");
    assert!(deep.run("cat ~stitch/.ssh/authorized_keys").contains(&scene.public()));
    far.stop();
    let broken = run("check");
    assert!(
        broken.error().contains("on the way to root@10.30.0.8:22"),
        "{}",
        broken.error()
    );
}
