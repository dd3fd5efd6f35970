//! `kill -9` and an error of the device at each system call by which a file is written: it is as it was, or complete, and the
//! next run clears.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, PASSWORD, has_role, put, read, ready, server, strays, without_role};
use crate::support::{Postgres, World, world};

const FOLDER: &str = "/run/world/out";
const FILE: &str = "/run/world/out/file";
pub(super) const LOG: &str = "/run/world/tmp/calls";
/// So many system calls of each run are tried: those on the file, and the nearest others.
const MOMENTS: usize = 112;

/// A system call of the thread that writes.
struct Call {
    name: String,
    /// Which of that name it is.
    number: usize,
    /// What it is done to, as [`aim`] returns it.
    aim: String,
    is_on_file: bool,
}

impl Call {
    /// In front of the program: at this call there happens what strace calls so (`signal=KILL`, `error=EIO`). It is not made.
    fn with(&self, what: &str) -> Vec<String> {
        let (trace, inject) = (
            format!("trace={}", self.name),
            format!("inject={}:{what}:when={}", self.name, self.number),
        );
        ["strace", "-qq", "-y", "-o", LOG, "-e", &trace, "-e", &inject]
            .map(str::to_owned)
            .to_vec()
    }

    /// Whether the run that ended was killed at the call that was meant.
    fn was_met(&self, world: &World) -> bool {
        let log = read(world, LOG).unwrap_or_default();
        let mut calls = log.lines().filter(|line| line.contains('('));
        calls.next_back().is_some_and(|line| aim(line) == self.aim)
    }
}

/// The call's name and its first argument, without what differs from run to run.
fn aim(line: &str) -> String {
    let start = line.split([',', ')']).next().unwrap_or_default();
    let (name, argument) = start.split_once('(').unwrap_or((start, ""));
    let argument = argument.trim_start_matches(|letter: char| letter.is_ascii_digit());
    match argument.split_once(".stitch-pg-") {
        Some((folder, _)) => format!("{name} {folder}.stitch-pg-"),
        None => format!("{name} {argument}"),
    }
}

/// In front of the program: all calls of its first thread are written down.
const WATCHED: [&str; 5] = ["strace", "-qq", "-y", "-o", LOG];

/// The calls on the file and on its folder, and the nearest others up to [`MOMENTS`].
fn calls(log: &str, folder: &str) -> Vec<Call> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut all, mut on_file) = (Vec::new(), Vec::new());
    let mut begun = false;
    for line in log.lines() {
        let Some((name, rest)) = line.split_once('(') else {
            continue;
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        // The writer opens its folder before anything else; what comes before only reads.
        begun |= line.contains("O_PATH");
        let number = seen.entry(name).or_default();
        *number += 1;
        let is_on_file = rest.contains(folder) && begun;
        if is_on_file {
            on_file.push(all.len());
        }
        all.push(Call {
            name: name.to_owned(),
            number: *number,
            aim: aim(line),
            is_on_file,
        });
    }
    assert!(!on_file.is_empty(), "it is written by the first thread:\n{log}");
    let mut wanted: BTreeSet<usize> = on_file.iter().copied().collect();
    for far in 1..all.len() {
        for at in &on_file {
            if wanted.len() < MOMENTS {
                wanted.insert((at + far).min(all.len() - 1));
            }
            if wanted.len() < MOMENTS {
                wanted.insert(at.saturating_sub(far));
            }
        }
    }
    let mut place = 0;
    all.retain(|_| {
        place += 1;
        wanted.contains(&(place - 1))
    });
    all
}

impl Kind {
    /// Whether this is what a run that came to its end writes.
    fn is_whole(self, now: &str) -> bool {
        match self {
            Self::Settings => now.ends_with('\n') && now.contains("host = \"127.0.0.1\""),
            Self::Report => serde_json::from_str::<serde_json::Value>(now).is_ok(),
            Self::Sheet => now.contains("For the security team:") && now.ends_with("is entered\n"),
            Self::Password => now.len() == 33 && now.ends_with('\n'),
            Self::Undo => now.starts_with(&self.before().unwrap_or_default()) && now.ends_with("}\n"),
        }
    }
}

/// Kills runs that write the kind of file at each call.
fn killed_at_each_call(kind: Kind) {
    let Some(world) = world(&[]) else { return };
    let server = server(&world);
    world.sh(&format!("mkdir {FOLDER}"));
    if kind == Kind::Sheet {
        ready(&world);
    }
    let before = kind.before();
    put(&world, FILE, before.as_deref());
    let run = |front: &[&str]| kind.program(&world, front, FILE).run();
    let is_done = |status| matches!(status, Some(0 | 1 | 4));
    let whole = run(&WATCHED);
    assert!(is_done(whole.status), "{whole:#?}");
    let calls = calls(&read(&world, LOG).expect("strace wrote it"), FOLDER);
    let on_file = calls.iter().filter(|call| call.is_on_file).count();
    let (mut moments, mut met, mut kept, mut left) = (0, 0, 0, 0);
    for call in &calls {
        if kind != Kind::Sheet {
            without_role(&server);
        }
        put(&world, FILE, before.as_deref());
        let front = call.with("signal=KILL");
        let killed = run(&front.iter().map(String::as_str).collect::<Vec<_>>());
        let case = format!("{kind:?}, {} {}", call.name, call.number);
        moments += usize::from(killed.status == Some(137));
        met += usize::from(call.was_met(&world));
        let now = read(&world, FILE);
        let is_as_it_was = now == before;
        kept += usize::from(is_as_it_was);
        assert!(
            is_as_it_was || now.as_deref().is_some_and(|now| kind.is_whole(now)),
            "{case}: {now:?}"
        );
        assert!(
            !matches!(kind, Kind::Password | Kind::Undo) || !is_as_it_was || !has_role(&server),
            "{case}: changed without a record of it"
        );
        let has_left = !strays(&world, FOLDER).is_empty();
        left += usize::from(has_left);
        // Where nothing is to be seen of the killed run, the next is as the first.
        if has_left || (!is_as_it_was && kind != Kind::Settings) {
            let again = run(&[]);
            assert!(is_done(again.status), "{case}: {again:#?}");
            let now = read(&world, FILE).unwrap_or_default();
            assert!(kind.is_whole(&now), "{case}: {now}");
            assert!(!now.contains(PASSWORD), "{case}");
        }
        assert_eq!(strays(&world, FOLDER), "", "{case}: the next run clears");
    }
    println!(
        "{kind:?}: {on_file} calls on the file; killed at {moments} moments, {met} of them at the call that was meant; \
         {kept} times as it was, {left} times with a temporary file, 0 damaged"
    );
    assert!(
        // Calls before and behind the file's differ from run to run; those on the file do not.
        moments >= 100 && met * 10 >= on_file * 9,
        "{moments} {met}"
    );
    assert!(kept > 0 && kept < moments, "{kept} of {moments}");
    assert!(kind == Kind::Undo || left > 0, "no moment left a temporary file");
    failed_at_each_call(kind, &server, &world, &calls);
    // Another's file of nearly such a name stays.
    if kind != Kind::Sheet {
        without_role(&server);
    }
    put(&world, FILE, before.as_deref());
    put(&world, "/run/world/out/.stitch-pg-abc123", Some("left"));
    put(&world, "/run/world/out/.stitch-pg-mine", Some("theirs"));
    if kind != Kind::Undo {
        assert!(is_done(run(&[]).status));
        assert_eq!(strays(&world, FOLDER), ".stitch-pg-mine\n");
    }
}

/// The device fails at each call on the file, once for each thing that a call is done to.
fn failed_at_each_call(kind: Kind, server: &Postgres<'_>, world: &World, calls: &[Call]) {
    let before = kind.before();
    let (mut aims, mut kept, mut whole) = (BTreeSet::new(), 0, 0);
    for call in calls {
        if !call.is_on_file || !aims.insert(call.aim.as_str()) {
            continue;
        }
        if kind != Kind::Sheet {
            without_role(server);
        }
        put(world, FILE, before.as_deref());
        let front = call.with("error=EIO");
        let front: Vec<&str> = front.iter().map(String::as_str).collect();
        let failed = kind.program(world, &front, FILE).run();
        let case = format!("{kind:?}, {} fails", call.aim);
        let said = format!("{}{}", failed.stdout, failed.stderr);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let now = read(world, FILE);
        if now == before {
            kept += 1;
            assert!(
                failed.status == Some(1) && said.contains("Input/output error") && said.contains(FILE),
                "{case}: {failed:#?}"
            );
            assert!(
                !matches!(kind, Kind::Password | Kind::Undo) || !has_role(server),
                "{case}: changed without a record of it"
            );
        } else {
            whole += 1;
            let now = now.unwrap_or_default();
            assert!(kind.is_whole(&now), "{case}: {now}{failed:#?}");
        }
        if !strays(world, FOLDER).is_empty() {
            assert!(call.name == "unlinkat", "{case}: it leaves a temporary file");
            world.sh_with("rm -f \"$1\"/.stitch-pg-*", &[FOLDER], b"");
        }
    }
    println!(
        "{kind:?}: EIO at {} calls, {kept} times as it was, {whole} times complete",
        aims.len()
    );
    assert!(kept > 0 && aims.len() >= 8, "{kept} {aims:?}");
}

#[test]
fn killed_while_settings_are_written() {
    killed_at_each_call(Kind::Settings);
}

#[test]
fn killed_while_an_undo_file_is_written() {
    killed_at_each_call(Kind::Undo);
}

#[test]
fn killed_while_a_report_is_written() {
    killed_at_each_call(Kind::Report);
}

#[test]
fn killed_while_a_sheet_is_written() {
    killed_at_each_call(Kind::Sheet);
}

#[test]
fn killed_while_a_password_is_written() {
    killed_at_each_call(Kind::Password);
}
