//! `script --for sysadmin`, run by root on the SSH server: from every state it leads to where `setup` leads, and run once
//! more it changes nothing.

use super::cures::BREAKAGES;
use super::scene::Scene;
use crate::support::{BastionOptions, Kind, Need, world};

/// Content, mode and owner of everything that an account leaves traces in.
const TRACES: &str =
    "cat /etc/passwd /etc/group /etc/shadow; find /home -exec ls -ldn {} + | sed 's/  */ /g' | cut -d' ' -f1,3,4,9-
    find /home -type f -exec cat {} +";

impl Scene<'_> {
    /// The script for a user, as it is handed over.
    fn sysadmin_script(&self, user: &str, more: &[&str]) -> String {
        let program = self.program("script", "root", user);
        let output = program.args(["--for", "sysadmin"]).args(more).run();
        assert!(output.success(), "{output:?}");
        output.stdout
    }

    /// Root runs it.
    fn root_runs(&self, script: &str) -> crate::support::Output {
        self.world.try_sh("on bastion sh -s", &[], script.as_bytes())
    }

    #[track_caller]
    fn script_cures(&self, user: &str, more: &[&str]) {
        let script = self.sysadmin_script(user, more);
        let first = self.root_runs(&script);
        assert!(first.success(), "{user} {more:?}: {first:?}\n{script}");
        let after = self.bastion.run(TRACES);
        let checked = self.check(user);
        assert_eq!(
            (checked.status, checked.changes().len()),
            (Some(0), 0),
            "{user} {more:?}: {checked:#?}"
        );
        let second = self.root_runs(&script);
        assert!(second.success(), "{user} {more:?}: {second:?}");
        assert_eq!(self.bastion.run(TRACES), after, "{user} {more:?}");
        assert!(self.tunnel_works(user), "{user}: {}", self.bastion.log());
    }
}

#[test]
fn every_breakage_is_mended_by_the_script() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().use_pam(false));
    scene.script_cures("fresh", &[]);
    for (number, (user, breaking, _)) in BREAKAGES.into_iter().enumerate() {
        scene.has_working(user);
        scene.bastion.run(breaking);
        let more: &[&str] = if number % 2 == 0 { &[] } else { &["--from-plan"] };
        scene.script_cures(user, more);
    }
    // What an administrator made narrower stays.
    scene.has_working("narrow");
    let narrow = "sed -i 's/^restrict/from=\"52.23.137.21\",restrict/' ~narrow/.ssh/authorized_keys";
    scene.bastion.run(narrow);
    let before = scene.bastion.run("cat ~narrow/.ssh/authorized_keys");
    let output = scene.root_runs(&scene.sysadmin_script("narrow", &[]));
    assert!(output.success(), "{output:?}");
    assert_eq!(scene.bastion.run("cat ~narrow/.ssh/authorized_keys"), before);
}

#[test]
fn the_script_leaves_somebody_elses_account_alone() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.bastion.run(
        "groupadd -f sudo; useradd -m -G sudo boss; useradd -m worded; echo worded:word | chpasswd; useradd -m keyed
         mkdir ~keyed/.ssh; cp ~admin/.ssh/authorized_keys ~keyed/.ssh/; chown -R keyed: ~keyed; useradd -r -m daemonish; useradd -o -u 0 toor",
    );
    let before = scene.bastion.run(TRACES);
    for (user, why) in [
        ("boss", "in the group sudo"),
        ("worded", "has a password"),
        ("keyed", "other keys can log in"),
        ("daemonish", "it belongs to the system"),
        ("toor", "root under another name"),
    ] {
        let refused = scene.root_runs(&scene.sysadmin_script(user, &[]));
        assert_eq!(refused.status, Some(1), "{user}: {refused:?}");
        assert!(refused.stderr.contains(why), "{user}: {refused:?}");
        assert_eq!(scene.bastion.run(TRACES), before, "{user}");
    }
    let taken = scene.root_runs(&scene.sysadmin_script("keyed", &["--adopt-user"]));
    assert!(taken.success(), "{taken:?}");
    assert!(scene.tunnel_works("keyed"));
}

#[test]
fn busybox_runs_the_script_too() {
    let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().kind(Kind::BusyBox));
    scene.script_cures("stitch", &[]);
}
