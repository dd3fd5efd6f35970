//! Names and homes of every legal shape, accounts that are kept elsewhere, and the machine that runs the tests, which is no
//! bastion.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::scene::Scene;
use crate::support::cache::skip;
use crate::support::{BastionOptions, Kind, Need, world};

#[test]
fn names_of_every_shape() {
    for kind in [Kind::Debian, Kind::RhelLike, Kind::BusyBox] {
        let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().kind(kind));
        for name in ["_s", "s.t-i_9", "Stitch", "stitch-to-the-data-warehouse-01"] {
            scene.is_cured(name, &format!("add the user {name}"));
        }
        // A dot in a name is no pattern: the neighbour is not taken for it.
        let lines = scene.bastion.run("grep -c '^s.t-i_9:' /etc/passwd");
        assert_eq!(lines.trim(), "1");
        scene.is_cured("sxt-i_9", "add the user sxt-i_9");
    }
}

/// SUSE's way: shadow's tools, no group for each user, and homes that are not made unless asked for.
#[test]
fn suse() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().kind(Kind::RhelLike));
    scene.bastion.run(
        "rm /usr/sbin/adduser; sed -i -e '/^USERGROUPS_ENAB/d' -e '/^CREATE_HOME/d' /etc/login.defs
         printf 'USERGROUPS_ENAB no\\nCREATE_HOME no\\n' >>/etc/login.defs
         printf 'GROUP=100\\nHOME=/home\\nSHELL=/bin/bash\\n' >/etc/default/useradd",
    );
    scene.is_cured("stitch", "add the user stitch");
    assert_eq!(scene.bastion.run("id -gn stitch"), "stitch\n");
}

/// The home is where the account database says, whatever that looks like.
#[test]
fn homes_elsewhere() {
    for (kind, shell) in [(Kind::Debian, "/bin/sh"), (Kind::BusyBox, "/bin/ash")] {
        let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().kind(kind));
        let homes = ["/srv/stitch", "/var/lib/it's here", "/opt/%h/a*b?[c]", "/data/-n"];
        for (number, home) in homes.into_iter().enumerate() {
            let user = format!("user{number}");
            fs::create_dir_all(scene.bastion.outside(home)).expect("made");
            let passwd = format!("{user}:x:{0}:{0}::{home}:{shell}\n", 2000 + number);
            let shadow = format!("{user}:*:19000:0:99999:7:::\n");
            let group = format!("{user}:x:{}:\n", 2000 + number);
            for (file, line) in [("passwd", passwd), ("shadow", shadow), ("group", group)] {
                let path = scene.bastion.outside(format!("/etc/{file}"));
                let text = fs::read_to_string(&path).expect("readable") + &line;
                fs::write(&path, text).expect("written");
            }
            scene.bastion.run(&format!(
                "chown {user}: \"$(sed -n 's/^{user}:.*::\\(.*\\):.*/\\1/p' /etc/passwd)\""
            ));
            scene.is_cured(&user, "install Stitch's key");
            assert!(scene.bastion.outside(home).join(".ssh/authorized_keys").is_file());
        }
    }
}

/// A user of a directory service, here systemd's own, which the account database names and `/etc/passwd` does not.
#[test]
fn a_user_of_a_directory_service() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let made = scene.bastion.try_run(
        "mkdir -p /etc/userdb /home/dora; cd /etc/userdb
         echo '{\"userName\":\"dora\",\"uid\":12345,\"gid\":12345,\"homeDirectory\":\"/home/dora\",\"shell\":\"/bin/sh\"}' >dora.user
         echo '{\"groupName\":\"dora\",\"gid\":12345}' >dora.group
         ln -s dora.user 12345.user; ln -s dora.group 12345.group
         sed -i -e 's/^passwd:.*/passwd: files systemd/' -e 's/^group:.*/group: files systemd/' /etc/nsswitch.conf
         getent passwd dora",
    );
    if !made.success() {
        skip("no libnss_systemd that reads /etc/userdb");
        return;
    }
    for flags in [&[][..], &["--adopt-user"]] {
        let refused = super::scene::told(&scene.program("setup", "root", "dora").arg("--yes").args(flags));
        assert_eq!((refused.status, refused.changes().len()), (Some(4), 0), "{refused:#?}");
        assert_eq!(refused.verdict("ssh-user-in-use"), Some("bad"));
        let why = refused.report.to_string();
        assert!(why.contains("comes from a directory service (LDAP, NIS, …)"), "{why}");
        assert!(!refused.advice("ssh-user-in-use").contains("--adopt-user"));
    }
    assert_eq!(scene.bastion.run("ls -A /home/dora"), "");
}

/// Everything of accounts, SSH and homes on the machine that runs the tests: path to owner, mode, size and time.
fn accounts_of_this_machine() -> BTreeMap<String, (u32, u32, u64, i64)> {
    let mut seen = BTreeMap::new();
    let mut left: Vec<_> = [
        "passwd",
        "shadow",
        "group",
        "gshadow",
        "subuid",
        "subgid",
        "shells",
        "ssh",
        "sudoers.d",
        "dropbear",
    ]
    .map(|name| Path::new("/etc").join(name))
    .into();
    left.push("/home".into());
    while let Some(path) = left.pop() {
        let Ok(found) = fs::symlink_metadata(&path) else {
            continue;
        };
        if found.is_dir() {
            left.extend(
                fs::read_dir(&path)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|entry| entry.path()),
            );
        }
        let what = (found.uid(), found.mode(), found.size(), found.mtime());
        seen.insert(path.display().to_string(), what);
    }
    seen
}

#[test]
fn the_machine_that_runs_the_tests_is_untouched() {
    let before = accounts_of_this_machine();
    assert!(before.contains_key("/etc/passwd"));
    for kind in [Kind::Debian, Kind::BusyBox] {
        let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
            return;
        };
        let scene = Scene::new(&world, BastionOptions::new().kind(kind));
        scene.is_cured("stitch", "add the user stitch");
        assert!(scene.bastion.outside("/home/stitch/.ssh/authorized_keys").is_file());
    }
    assert_eq!(accounts_of_this_machine(), before);
}
