//! What Stitch's user, or any user of the SSH server, has put there before root comes: whatever is done, it ends, nothing of
//! root's changes or is printed, and no other user's program runs. What is exchanged while root works has a file of its own
//! (`root.rs`).

use stitch_pg::shell::remove_key;

use super::scene::Scene;
use crate::support::process::{DEADLINE, poll};
use crate::support::{BastionOptions, Kind, Need, Output, Program, world};

/// What the user would like to have, beside its home since no hard link leaves a file system.
const SECRET: &str = "root:$6$kept-by-root";
const VICTIMS: &str = "mkdir -m 755 /home/victim /home/victim/dir; echo 'root:$6$kept-by-root' >/home/victim/shadow
    cp /home/victim/shadow /home/victim/dir/authorized_keys; chmod 640 /home/victim/shadow; chmod 600 /home/victim/dir/authorized_keys";
/// Numbers, owners, modes and content of them, and of root's own home.
const STATE: &str = "cd /home/victim; ls -lAniR . | sed 's/  */ /g' | cut -d' ' -f1,2,4-6,10-; ls -lAnR /root
    cat shadow dir/authorized_keys /root/.ssh/authorized_keys";

/// What is planted in the home, by which user, the script that does it there, and what refuses to go on then; nothing, where that
/// works. What is root's could be the user's doing only on a kernel that protects no hard links.
const PLANTINGS: [(&str, &str, &str, &str); 16] = [
    (
        "a link for .ssh",
        "stitch",
        "rm -r .ssh; ln -s /home/victim/dir .ssh",
        "is a symbolic link",
    ),
    (
        "a link for the key file",
        "stitch",
        "ln -sf /home/victim/shadow .ssh/authorized_keys",
        "is a symbolic link",
    ),
    (
        "a link to a device",
        "stitch",
        "ln -sf /dev/zero .ssh/authorized_keys",
        "is a symbolic link",
    ),
    (
        "a hard link",
        "root",
        "ln -f /home/victim/shadow .ssh/authorized_keys",
        "can read",
    ),
    (
        "a hard link, and a home of root's",
        "root",
        "ln -f /home/victim/shadow .ssh/authorized_keys; chown 0:0 .; chmod 755 . .ssh",
        "can read",
    ),
    (
        "a pipe for the key file",
        "stitch",
        "rm .ssh/authorized_keys; mkfifo .ssh/authorized_keys",
        "is not a file",
    ),
    (
        "a directory for the key file",
        "stitch",
        "rm .ssh/authorized_keys; mkdir -p .ssh/authorized_keys/x",
        "is not a file",
    ),
    (
        "a file for .ssh",
        "stitch",
        "rm -r .ssh; echo x >.ssh",
        "is no directory",
    ),
    (
        "a pipe for .ssh",
        "stitch",
        "rm -r .ssh; mkfifo .ssh",
        "is no directory",
    ),
    (
        "a directory and a pipe of temporary names",
        "stitch",
        "mkdir -p .ssh/.authorized_keys.stitch-pg.AAAAAA/x; mkfifo .ssh/.authorized_keys.stitch-pg.AAAAAB",
        "",
    ),
    (
        "links of temporary names",
        "stitch",
        "for n in A B C; do ln -s /home/victim/shadow .ssh/.authorized_keys.stitch-pg.AAAAA$n; done",
        "",
    ),
    ("nothing to be read", "stitch", "chmod 0 .ssh/authorized_keys .ssh", ""),
    ("a home that is closed", "stitch", "chmod 0 .", "cannot enter its home"),
    (
        "start-up files",
        "stitch",
        "mkdir bin; for n in .profile .bashrc .ashrc .ssh/rc .ssh/environment bin/sh bin/mv sh mv id grep; do
             echo 'touch /tmp/canary' >$n
         done; chmod 755 bin/* sh mv id grep",
        "",
    ),
    (
        "a file without end",
        "stitch",
        "dd if=/dev/zero of=.ssh/authorized_keys bs=1 count=1 seek=9999999999 2>/dev/null",
        "has more than",
    ),
    (
        "half a million lines",
        "stitch",
        "yes '#' | head -n 500000 >>.ssh/authorized_keys",
        "has more than",
    ),
];

impl Scene<'_> {
    /// The account as it was, with more rights in front of the key than setup leaves there.
    fn is_anew(&self) {
        self.bastion.run(
            "if id -u stitch >/dev/null 2>&1; then if type userdel >/dev/null 2>&1; then userdel stitch; else deluser stitch; fi; fi
             rm -rf /home/stitch",
        );
        self.has_working("stitch");
        let file = "/home/stitch/.ssh/authorized_keys";
        self.bastion
            .run(&format!("sed -i 's/^[^ ]* ssh/ssh/' {file}; chown stitch: {file}"));
    }
}

/// What is run, and its name in failures.
type Command<'a> = (&'a str, &'a dyn Fn(&Scene<'_>) -> Output);

/// Each planting, and all of these after it.
fn planted(kind: Kind, commands: &[Command<'_>]) {
    let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().kind(kind));
    scene.bastion.run(VICTIMS);
    let state = scene.bastion.run(STATE);
    for (what, who, planting, refusal) in PLANTINGS {
        scene.is_anew();
        let shell = "s=/bin/sh; [ -x $s ] || s=/usr/bin/sh; cd /home/stitch";
        let plant = format!("p=$(cat); {shell}; su -s $s -c \"$p\" {who}");
        let done = scene.bastion.try_run_with(&plant, planting.as_bytes());
        assert!(done.success(), "{what}: {done:?}");
        let state = if who == "root" {
            scene.bastion.run(STATE)
        } else {
            state.clone()
        };
        for (command, run) in commands {
            let case = format!("{kind:?}, {what}, {command}");
            // What waits for a pipe, or reads without end, meets the deadline of every program in these tests.
            let output = run(&scene);
            let said = format!("{}{}", output.stdout, output.stderr);
            assert!(!said.contains(SECRET), "{case}:\n{said}");
            assert_eq!(scene.bastion.run(STATE), state, "{case}\n{said}");
            assert_eq!(scene.bastion.run("ls /tmp/canary 2>/dev/null || :"), "", "{case}");
            if *command == "script" {
                assert_eq!(output.success(), refusal.is_empty(), "{case}: {said}");
                assert!(said.contains(refusal), "{case}: {said}");
            }
        }
    }
}

fn script(scene: &Scene<'_>) -> String {
    let script = scene
        .program("script", "root", "stitch")
        .args(["--for", "sysadmin"])
        .run();
    assert!(script.success(), "{script:?}");
    script.stdout
}

#[test]
fn in_a_home_on_debian() {
    planted(
        Kind::Debian,
        &[
            ("check", &|scene| scene.program("check", "root", "stitch").run()),
            ("setup", &|scene| {
                scene.program("setup", "root", "stitch").arg("--yes").run()
            }),
            ("remove", &|scene| {
                scene.program("remove", "root", "stitch").arg("--yes").run()
            }),
        ],
    );
}

/// The scripts by themselves, as root runs them there.
#[test]
fn in_a_home_on_busybox() {
    let root = |scene: &Scene<'_>, script: &str| scene.bastion.try_run_with("sh -s", script.as_bytes());
    planted(
        Kind::BusyBox,
        &[
            ("script", &|scene| root(scene, &script(scene))),
            ("undo", &|scene| {
                let undo = scene.world.dir().join("tmp/undo.sh");
                if !scene.world.outside(&undo).exists() {
                    scene.is_anew();
                    let setup = scene
                        .program("setup", "root", "stitch")
                        .arg("--yes")
                        .arg("--undo")
                        .arg(&undo)
                        .run();
                    assert!(setup.success(), "{setup:?}");
                }
                Program::new("sh", &scene.ops).arg(undo).run()
            }),
            ("remove", &|scene| {
                let key = scene.public().parse().expect("a key");
                root(scene, &remove_key(&"stitch".parse().expect("a name"), &key).to_string())
            }),
        ],
    );
}

/// Any user can call a process `sshd`, also root's `sudo`, and start it with options of its own.
#[test]
fn who_calls_himself_sshd_is_nobody_to_root() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let script = script(&scene);
    scene.bastion.stop();
    scene.bastion.run(
        "mkdir -m 755 /mallory; cd /mallory; useradd -M mallory; mkfifo evil go; mkdir bin su
         printf '#!/bin/sh\\n[ \"$1\" != -T ] || id -u >/canary\\nread x\\n' >bin/sshd; ln -s /usr/bin/sudo su/sshd
         chmod 755 bin/sshd; chown -R mallory: .",
    );
    for planted in [
        "/mallory/bin/sshd -f /mallory/evil",
        "/mallory/su/sshd -S -- true /mallory/bin/sshd -f /mallory/evil",
    ] {
        let victim = Program::new("chroot", scene.bastion.host())
            .arg(scene.bastion.root())
            .args(["setpriv", "--reuid", "mallory", "--clear-groups", "sh", "-c"])
            .arg(format!("cd /mallory; (: >evil; echo read >told) & exec {planted} <>go"))
            .start();
        let there = || {
            scene
                .bastion
                .run("cat /proc/[0-9]*/comm 2>/dev/null || :")
                .contains("sshd\n")
                .then_some(())
        };
        poll(DEADLINE, there).expect("it is called sshd");
        let ran = scene.bastion.try_run_with("sh -s", script.as_bytes());
        victim.signal_if_there("KILL");
        victim.finish(DEADLINE);
        let seen = scene.bastion.run("ls /canary /mallory/told 2>/dev/null || :");
        assert_eq!(seen, "", "{planted}: {ran:?}");
    }
}
