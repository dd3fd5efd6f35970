//! `known_hosts` is written at a terminal, complete or unchanged, and no lines of others are lost.

use std::collections::{BTreeMap, BTreeSet};

use super::killed::LOG;
use super::{FULL, put, read};
use crate::cure::ssh_user::scene::{BASTION, Scene};
use crate::support::process::{DEADLINE, poll};
use crate::support::{BastionOptions, Need, Program, STITCH_PG, Terminal, stitch_pg, world};

/// On a file system with enough room.
const FILE: &str = "/run/world/out/known";

/// A run that finds the host unknown, in front of which other words may stand.
fn program(scene: &Scene<'_>, front: &[&str], file: &str) -> Program {
    let program = match front {
        [] => stitch_pg(&scene.ops),
        [first, rest @ ..] => Program::new(first, &scene.ops).args(rest).arg(STITCH_PG),
    };
    let identity = ["--bastion-identity", "/run/world/tmp/ed25519"];
    let key = ["--public-key-file", "/run/world/tmp/stitch.pub"];
    program
        .args(["check", "--only", "ssh-user", "--known-hosts", file])
        .args(["--bastion", &format!("root@{BASTION}")])
        .args(identity)
        .args(key)
        .args(["--stitch-host", "10.20.0.3", "--host", "10.20.0.3"])
        .args(["--admin-user", "postgres", "--database", "stitch"])
        .args(["--tunnel-user", "stitch", "--region", "europe"])
}

/// The same at a terminal, where the key is accepted.
fn accept(scene: &Scene<'_>, front: &[&str], file: &str) -> Terminal {
    let mut terminal = program(scene, front, file).terminal(120, 30);
    terminal.expect("Accept it and continue?");
    terminal.send_line("y");
    terminal
}

fn end(mut terminal: Terminal) -> (i32, String) {
    let status = terminal.wait_exit();
    let shown = terminal.transcript();
    (status, shown.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Lines of another host that fill two pages.
fn others(scene: &Scene<'_>) -> String {
    let line = format!("other.example {}\n", scene.bastion.host_keys()[0]);
    line.repeat(8192 / line.len() + 1)[..8191].to_owned() + "\n"
}

#[test]
fn known_hosts_and_every_fault_of_the_disk() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    world.sh(&format!("mkdir {FULL}; mount -t tmpfs -o size=64k tmpfs {FULL}"));
    let file = format!("{FULL}/known");
    let before = others(&scene);
    // What a quota that is used up says. Kernels of test machines have none.
    let error = "inject=fallocate:error=EDQUOT";
    let quota = ["strace", "-f", "-qq", "-o", LOG, "-e", "trace=fallocate", "-e", error];
    let device = |error| ["strace", "-f", "-qq", "-o", LOG, "-P", file.as_str(), "-e", error];
    for (fault, prepare, front, error) in [
        (
            "full disk",
            "dd if=/dev/zero of=/run/world/full/fill bs=4096 2>/dev/null || :",
            &[][..],
            "No space left",
        ),
        ("a limit for files", ":", &["prlimit", "--fsize=8192"], "File too large"),
        ("a quota", ":", &quota, "uota exceeded"),
        (
            "an error of the device at the writing",
            ":",
            &device("inject=write:error=EIO"),
            "Input/output error",
        ),
        (
            "an error of the device at the flushing",
            ":",
            &device("inject=fdatasync:error=EIO"),
            "Input/output error",
        ),
        (
            "read-only",
            "mount -o remount,ro /run/world/full",
            &[],
            "Read-only file system",
        ),
    ] {
        put(&world, &file, Some(&before));
        world.sh(prepare);
        let (status, shown) = end(accept(&scene, front, &file));
        world.sh("mount -o remount,rw /run/world/full; rm -f /run/world/full/fill");
        assert!(
            status == 1 && shown.contains("cannot add the host key") && shown.contains(error),
            "{fault}: {shown}"
        );
        assert_eq!(read(&world, &file).as_deref(), Some(before.as_str()), "{fault}");
        println!("known_hosts, {fault}: as it was, exit status 1, \"{error}\"");
    }
    // Half a line, as a killed program leaves it, is no other key of the host; a link of one's own is followed.
    let key = scene.bastion.host_keys()[0].clone();
    put(&world, &file, Some(&format!("{BASTION} {}", &key[..key.len() - 8])));
    world.sh("mkdir /run/world/away; mv /run/world/full/known /run/world/away; ln -s /run/world/away/known /run/world/full/known");
    let (_, shown) = end(accept(&scene, &[], &file));
    let now = read(&world, "/run/world/away/known").unwrap_or_default();
    assert_eq!(now.lines().count(), 2, "{now}{shown}");
    world.sh("chown -h nobody: /run/world/full/known; : >/run/world/away/known");
    let (status, _) = end(accept(&scene, &[], &file));
    assert_eq!(
        (status, read(&world, "/run/world/away/known").as_deref()),
        (1, Some("")),
        "nobody's link"
    );
}

/// Another program adds a line, puts another file there or takes it away, while ours is about to be written, or fails.
#[test]
fn what_another_program_writes_to_known_hosts_is_kept() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    world.sh("mkdir /run/world/out");
    let before = others(&scene);
    let add = "printf '# theirs\\n' >>/run/world/out/known";
    let replace = "cd /run/world/out; echo '# theirs' >new; mv new known";
    let remove = "rm /run/world/out/known";
    for (what, limit, expected) in [
        (add, "", format!("{before}# theirs\nOURS\n")),
        (add, "8192", format!("{before}# theirs\n")),
        (replace, "", "# theirs\n".to_owned()),
        (remove, "", String::new()),
    ] {
        put(&world, FILE, Some(&before));
        world.sh(&format!(": >{LOG}"));
        let limit = format!("--fsize={}", if limit.is_empty() { "unlimited" } else { limit });
        let front = [
            "prlimit",
            &limit,
            "strace",
            "-f",
            "-qq",
            "-o",
            LOG,
            "-e",
            "trace=fallocate",
            "-e",
            "inject=fallocate:delay_enter=1500000:when=1",
        ];
        let terminal = accept(&scene, &front, FILE);
        let waits = poll(DEADLINE, || {
            let links = world.sh("ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c /run/world/out/known || :");
            (links.trim() != "0").then_some(())
        });
        assert!(waits.is_some(), "{what}");
        world.sh(what);
        let (_, shown) = end(terminal);
        let now = read(&world, FILE).unwrap_or_default();
        let now: String = now
            .split_inclusive('\n')
            .map(|line| if line.starts_with(BASTION) { "OURS\n" } else { line })
            .collect();
        assert_eq!(now, expected, "{what}, {limit}: {shown}");
    }
}

/// The calls on the file, whichever thread makes them: each by its name and which of that name it is.
fn calls_on_file(log: &str) -> BTreeSet<(String, usize)> {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut calls = BTreeSet::new();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        let Some((name, _)) = call.trim_start().split_once('(') else {
            continue;
        };
        if name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        {
            let number = seen.entry((thread.to_owned(), name.to_owned())).or_default();
            *number += 1;
            calls.insert((name.to_owned(), *number));
        }
    }
    calls
}

/// Killed at each system call on the file, in each state that the file may be in: it is as it was or has the whole line.
#[test]
fn killed_while_known_hosts_is_written() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    world.sh("mkdir /run/world/out");
    // strace counts for each thread, and with a path only what is done to that file: the writer's calls by themselves.
    let trace = ["strace", "-f", "-qq", "-y", "-o", LOG, "-P", FILE];
    let pages = others(&scene);
    let befores = [
        ("no file", None),
        ("an empty file", Some(String::new())),
        (
            "a line",
            Some(pages.split_inclusive('\n').next().unwrap_or_default().to_owned()),
        ),
        ("two pages", Some(pages.clone())),
        ("a last line without an end", Some(pages.trim_end().to_owned())),
        (
            "half a line of ours",
            Some(format!("{pages}{BASTION} ssh-ed25519 AAAAC3Nz")),
        ),
    ];
    let (mut moments, mut kept, mut made) = (0, 0, BTreeSet::new());
    for (state, before) in &befores {
        let is_whole = |now: Option<String>| {
            let now = now.unwrap_or_default();
            let ours = now.lines().filter(|line| line.starts_with(BASTION)).filter(|line| {
                let mut words = line.split(' ').skip(1);
                let (kind, key) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                scene.bastion.host_keys().contains(&format!("{kind} {key}"))
            });
            now.starts_with(before.as_deref().unwrap_or_default()) && now.ends_with('\n') && ours.count() == 1
        };
        put(&world, FILE, before.as_deref());
        end(accept(&scene, &trace, FILE));
        assert!(is_whole(read(&world, FILE)), "{state}");
        let calls = calls_on_file(&read(&world, LOG).expect("strace wrote it"));
        for (name, number) in calls {
            put(&world, FILE, before.as_deref());
            let inject = format!("inject={name}:signal=KILL:when={number}");
            let only = format!("trace={name}");
            let front = [&trace[..], &["-e", &only, "-e", &inject]].concat();
            let mut terminal = program(&scene, &front, FILE).terminal(120, 30);
            // It may be killed before it asks, where the file is only read.
            if terminal.expect_or_end("Accept it and continue?") {
                terminal.send_line("y");
            }
            let (status, shown) = end(terminal);
            let now = read(&world, FILE);
            let as_it_was = now == *before || (before.is_none() && now.as_deref() == Some(""));
            assert!(as_it_was || is_whole(now), "{state}, {name} {number}: {shown}");
            moments += usize::from(status == 137);
            kept += usize::from(as_it_was);
            if status == 137 {
                made.insert(name);
            }
        }
        put(&world, FILE, before.as_deref());
    }
    println!("known_hosts: killed at {moments} moments ({made:?}), {kept} times as it was, 0 damaged");
    for call in ["openat", "flock", "fallocate", "write", "fdatasync"] {
        assert!(made.contains(call), "{call} of {made:?}");
    }
    assert!(moments >= 100 && kept > 0 && kept < moments, "{moments} {kept}");
}
