//! `authorized_keys` is at every moment as it was or complete: full disks, limits, a read-only file system, `kill -9`.

use std::fs;

use stitch_pg::shell::{Sight, install_key, remove_key};

use crate::cure::ssh_user::scene::Scene;
use crate::support::{Bastion, BastionOptions, Need, Output, world};

const HOME: &str = "/home/stitch";
const FILE: &str = "/home/stitch/.ssh/authorized_keys";

/// Whose the home is: root's, as setup makes it, or the user's own.
#[derive(Clone, Copy, Debug)]
enum Owner {
    Root,
    User,
}

/// An account whose home is a small disk of its own.
struct Account<'a, 'world> {
    bastion: &'a Bastion<'world>,
    owner: Owner,
}

impl Account<'_, '_> {
    fn make(&self) {
        self.bastion.run(&format!(
            "mkdir -p {HOME}; mount -t tmpfs -o size=128k,mode=755 tmpfs {HOME}; mkdir {HOME}/.ssh
             id -u stitch >/dev/null 2>&1 || useradd -M -d {HOME} -p '*' stitch"
        ));
    }

    fn put(&self, bytes: &[u8]) {
        fs::write(self.bastion.outside(FILE), bytes).expect("there is room");
        let modes = match self.owner {
            Owner::Root => "chown -R root:root . && chmod 755 . .ssh && chmod 644 .ssh/authorized_keys",
            Owner::User => "chown -R stitch: . && chmod 700 .ssh && chmod 600 .ssh/authorized_keys",
        };
        self.bastion.run(&format!("cd {HOME} && {modes}"));
    }

    fn now(&self) -> Vec<u8> {
        fs::read(self.bastion.outside(FILE)).expect("the file is there")
    }

    fn strays(&self) -> String {
        self.bastion
            .run(&format!("ls -A {HOME}/.ssh | grep -v '^authorized_keys$' || :"))
    }

    /// Runs a script as root, with this in front of the shell that reads it.
    fn run(&self, front: &str, script: &str) -> Output {
        self.bastion.try_run_with(&format!("{front} sh -s"), script.as_bytes())
    }

    fn settle(&self, case: &str, output: &Output, (script, old, new): (&str, &[u8], &[u8])) -> bool {
        let found = self.now();
        if output.success() {
            assert!(found == new, "{case}: not complete");
            return true;
        }
        assert!(
            found == old || found == new,
            "{case}: neither as it was nor complete\n{}",
            output.stderr
        );
        let again = self.run("", script);
        assert!(again.success() && self.now() == new, "{case}: {}", again.stderr);
        assert_eq!(self.strays(), "", "{case}: the next run clears");
        false
    }
}

#[test]
fn a_key_file_is_whole_whatever_happens() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let user = "stitch".parse().expect("a name");
    let key = scene.public().parse().expect("a key");
    let options = "restrict,port-forwarding,permitopen=\"10.20.0.3:5432\"";
    let others: Vec<String> = (0..80)
        .map(|n| format!("# a remark of somebody's, number {n:0>60}\n"))
        .collect();
    let before = others.concat().into_bytes();
    let (mut faults, mut refused, mut killed) = (0, 0, 0);
    for owner in [Owner::Root, Owner::User] {
        let account = Account {
            bastion: &scene.bastion,
            owner,
        };
        account.make();
        account.put(&before);
        let install = install_key(&user, &key, options, Sight::Seen).to_string();
        assert!(account.run("", &install).success());
        let after = account.now();
        assert!(after.starts_with(&before) && after.len() > before.len());
        let remove = remove_key(&user, &key).to_string();
        for (what, script, old, new) in [
            ("install", install.as_str(), &before, &after),
            ("remove", remove.as_str(), &after, &before),
        ] {
            let case = (script, old.as_slice(), new.as_slice());
            let fill = |pages: usize| {
                format!(
                    "dd if=/dev/zero of={HOME}/fill bs=4096 2>/dev/null || :; truncate -s -$(({pages} * 4096)) {HOME}/fill;"
                )
            };
            let crowded = (0..4).map(|pages| (format!("{pages} pages free"), fill(pages)));
            let limits = [0, 1, 512, old.len() / 2, old.len() - 1];
            let limited = limits.map(|limit| (format!("{limit} bytes a file"), format!("prlimit --fsize={limit}")));
            let fixed = ("read-only".to_owned(), format!("mount -o remount,ro {HOME};"));
            for (fault, front) in crowded.chain(limited).chain([fixed]) {
                account.put(old);
                let output = account.run(&front, script);
                account
                    .bastion
                    .run(&format!("mount -o remount,rw {HOME}; rm -f {HOME}/fill"));
                faults += 1;
                refused += usize::from(!account.settle(&format!("{owner:?}, {what}, {fault}"), &output, case));
            }
            for at in (1..).step_by(3) {
                account.put(old);
                let front = format!(
                    "strace -f -qq -o /dev/null -e trace=write,rename,renameat,renameat2 \
                     -e inject=write,rename,renameat,renameat2:signal=KILL:when={at}"
                );
                let output = account.run(&front, script);
                if account.settle(&format!("{owner:?}, {what}, killed at {at}"), &output, case) {
                    break;
                }
                killed += 1;
            }
        }
    }
    println!("authorized_keys: {faults} faults, {refused} of them refused; killed at {killed} moments; 0 damaged");
    assert!(refused >= 20 && killed >= 100, "{refused} {killed}");
}
