//! `pg_hba.conf` is at every moment as it was or complete, and root follows no name that the server's user could exchange.

use std::fs;
use std::path::PathBuf;

use super::bench::{Bench, HEAD};
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::{Program, World, stitch_pg, world};
use stitch_pg::hba::edit::{At, HbaLines, LineEnd};
use stitch_pg::shell::{add_hba_lines, remove_hba_lines};

const FILE: &str = "/run/world/small/data/pg_hba.conf";

/// Rules over several pages, and the lines that are to go in above the second.
fn rules() -> String {
    let others: Vec<String> = (0..200)
        .map(|n| format!("host other{n} all 10.1.{n}.0/24 md5\n"))
        .collect();
    format!("# keep\n{}", others.concat())
}

fn edit(world: &World) -> HbaLines {
    let sum = world.sh(&format!("md5sum <{FILE}"));
    HbaLines {
        file: FILE.to_owned(),
        md5: sum.split(' ').next().expect("a sum").to_owned(),
        lines: vec!["# ours".to_owned(), "host dw stitch 52.23.137.21/32 md5".to_owned()],
        at: At::Above(2),
        end: LineEnd::Lf,
        signal: None,
    }
}

/// A small disk with a data directory of the server's user.
fn disk(world: &World) -> (Vec<u8>, Vec<u8>) {
    world.sh(
        "mkdir -p /run/world/small; mount -t tmpfs -o size=128k,mode=755 tmpfs /run/world/small
              mkdir /run/world/small/data; chown postgres: /run/world/small/data",
    );
    let before = rules();
    put(world, before.as_bytes());
    let after = before.replacen("# keep\n", "# keep\n# ours\nhost dw stitch 52.23.137.21/32 md5\n", 1);
    (before.into_bytes(), after.into_bytes())
}

fn put(world: &World, bytes: &[u8]) {
    world.sh_with(
        &format!("cat >{FILE}; chown postgres: {FILE}; chmod 640 {FILE}"),
        &[],
        bytes,
    );
}

fn now(world: &World) -> Vec<u8> {
    fs::read(world.outside(FILE)).expect("the file is there")
}

fn strays(world: &World) -> String {
    world.sh("ls -A /run/world/small/data | grep -v '^pg_hba.conf$' || :")
}

/// Each way of having no room, at each point of the writing.
#[test]
fn no_full_disk_cuts_the_rules() {
    let Some(world) = world(&[]) else {
        return;
    };
    let (before, after) = disk(&world);
    let mut refused = 0;
    let mut made = 0;
    let scripts = [
        ("add", add_hba_lines(&edit(&world)).to_string(), &before, &after),
        ("remove", remove_hba_lines(&edit(&world)).to_string(), &after, &before),
    ];
    for (what, script, old, new) in scripts {
        let mut faults: Vec<(String, String)> = (0..8)
            .map(|pages| {
                let fill = format!(
                    "dd if=/dev/zero of=/run/world/small/fill bs=4096 2>/dev/null || :; [ {pages} = 0 ] || truncate -s -$(({pages} * 4096)) /run/world/small/fill"
                );
                (format!("{pages} pages free"), format!("{fill}; exec sh -s"))
            })
            .collect();
        let size = old.len();
        for limit in [0, 1, 512, size / 2, size - 1, size, size + 20] {
            faults.push((
                format!("{limit} bytes a file"),
                format!("exec prlimit --fsize={limit} sh -s"),
            ));
        }
        faults.push((
            "read-only".to_owned(),
            "mount -o remount,ro /run/world/small; exec sh -s".to_owned(),
        ));
        for (fault, prepare) in faults {
            put(&world, old);
            let output = world.try_sh(&prepare, &[], script.as_bytes());
            world.sh("mount -o remount,rw /run/world/small; rm -f /run/world/small/fill");
            if output.success() {
                made += 1;
                assert!(now(&world) == *new, "{what}, {fault}: not complete");
            } else {
                refused += 1;
                assert!(now(&world) == *old, "{what}, {fault}: not as it was\n{}", output.stderr);
                assert!(
                    output.stderr.contains("was not changed, because"),
                    "{what}, {fault}: {}",
                    output.stderr
                );
            }
            assert_eq!(strays(&world), "", "{what}, {fault}");
            println!(
                "pg_hba.conf, {what}, {fault}: {}",
                if output.success() { "complete" } else { "as it was" }
            );
        }
    }
    println!("{refused} refused, {made} made");
    assert!(refused >= 15 && made >= 6, "{refused} refused, {made} made");
}

/// Wraps each command that the script runs as the server's user: `$AT` counts them, `$DO` says what happens there.
const SHIM: &str = r#"#!/bin/sh
tool=/usr/bin/${0##*/}
[ ! -O /run/world/shims ] || exec "$tool" "$@"
. /run/world/act # nothing of root's environment reaches us
# The commands of a pipe begin at the same time; each gets a number of its own.
exec 8<>/run/world/count
/usr/bin/flock 8
read -r n <&8
n=$((n + 1))
echo "$n" >/run/world/count
exec 8<&-
if [ "$n" = "$AT" ]; then
    echo "${0##*/}" >>/run/world/acted
    case $DO in
    before) kill -9 -1 ;;
    half) "$tool" "$@" | /usr/bin/head -c 100; kill -9 -1 ;;
    after) "$tool" "$@"; kill -9 -1 ;;
    in-place) echo "host theirs all 10.0.0.1/32 reject" >>"$FILE" ;;
    renamed) { echo "host theirs all 10.0.0.1/32 reject"; /usr/bin/cat "$FILE"; } >"$FILE.theirs"; /usr/bin/mv "$FILE.theirs" "$FILE" ;;
    esac
fi
exec "$tool" "$@"
"#;

fn shims(world: &World) {
    world.sh_with(
        "mkdir /run/world/shims; cat >/run/world/shims/cp; chmod 755 /run/world/shims/cp; cd /run/world/shims
         for tool in head tail wc md5sum cut grep mktemp sync ln mv rm stat flock sed; do ln -s cp $tool; done
         : >/run/world/count; : >/run/world/acted; chmod 666 /run/world/count /run/world/acted",
        &[],
        SHIM.as_bytes(),
    );
}

/// Runs the script with something happening at one of its commands; how many there were, and what it printed.
fn run_at(world: &World, script: &str, at: u32, what: &str) -> (u32, String, bool) {
    let prepare = format!(
        "echo 0 >/run/world/count; : >/run/world/acted; echo 'AT={at} DO={what} FILE={FILE}' >/run/world/act
         export PATH=/run/world/shims:$PATH; exec sh -s"
    );
    let output = world.try_sh(&prepare, &[], script.as_bytes());
    let count = fs::read_to_string(world.outside("/run/world/count")).expect("it counts");
    (
        // A run that is killed may be at this very file; only that of an undisturbed run is used.
        count.trim().parse().unwrap_or(0),
        output.stderr.clone(),
        output.success(),
    )
}

/// At each command of both scripts: before it or behind it, and in the middle of what every second one writes.
#[test]
fn no_kill_cuts_the_rules() {
    let Some(world) = world(&[]) else {
        return;
    };
    let (before, after) = disk(&world);
    shims(&world);
    let scripts = [
        (add_hba_lines(&edit(&world)).to_string(), &before, &after),
        (remove_hba_lines(&edit(&world)).to_string(), &after, &before),
    ];
    let (mut killed, mut left) = (0, 0);
    for (script, old, new) in scripts {
        put(&world, old);
        let (commands, said, done) = run_at(&world, &script, 0, "nothing");
        assert!(done && now(&world) == *new, "{said}");
        for at in 1..=commands {
            let moments = if at % 2 == 0 {
                &["before"][..]
            } else {
                &["half", "after"]
            };
            for &what in moments {
                put(&world, old);
                let (_, said, done) = run_at(&world, &script, at, what);
                let found = now(&world);
                if done {
                    // A pipe's commands begin in any order, so the last ones may not be reached.
                    assert!(found == *new, "{at} {what}: {said}");
                    continue;
                }
                killed += 1;
                assert!(
                    found == *old || found == *new,
                    "{at} {what}: neither as it was nor complete"
                );
                left += u32::from(!strays(&world).is_empty());
                if found == *old {
                    let again = world.try_sh("exec sh -s", &[], script.as_bytes());
                    assert!(again.success() && now(&world) == *new, "{at} {what}: {}", again.stderr);
                    assert_eq!(strays(&world), "", "{at} {what}: the next run clears");
                } else {
                    world.sh("rm -f /run/world/small/data/.stitch-pg.*");
                }
            }
        }
    }
    println!("killed at {killed} moments, {left} of them left a temporary file, 0 damaged");
    assert!(killed >= 100 && left > 0, "{killed} {left}");
}

/// Another program writes to the file, or puts another in its place, at each command of the script: its lines are there.
#[test]
fn what_another_program_writes_meanwhile_stays() {
    let Some(world) = world(&[]) else {
        return;
    };
    let (before, _) = disk(&world);
    shims(&world);
    let script = add_hba_lines(&edit(&world)).to_string();
    let (commands, said, done) = run_at(&world, &script, 0, "nothing");
    assert!(done, "{said}");
    let (mut moments, mut unseen) = (0, Vec::new());
    for what in ["in-place", "renamed"] {
        for at in 1..=commands {
            put(&world, &before);
            let (_, said, done) = run_at(&world, &script, at, what);
            let found = String::from_utf8(now(&world)).expect("text");
            assert!(found.contains("host other199 all"), "{what} {at}");
            let tool = fs::read_to_string(world.outside("/run/world/acted")).expect("it is written");
            if tool.is_empty() {
                continue; // a pipe's commands begin in any order, and one of that number was not met
            }
            moments += 1;
            assert_eq!(tool.lines().count(), 1, "{what} {at}: it happened once: {tool:?}");
            if !found.contains("host theirs all") {
                unseen.push((what, tool.trim().to_owned()));
            } else if !done {
                assert!(
                    said.contains("was changed by another process a moment ago"),
                    "{what} {at}: {said}"
                );
            }
        }
    }
    println!("{moments} moments, unseen: {unseen:?}");
    assert!(moments >= 50, "{moments}");
    // A file that comes into the place of the old one between the last sum of it and the move is not seen.
    let known = |(what, tool): &(&str, String)| *what == "renamed" && matches!(tool.as_str(), "md5sum" | "cut" | "mv");
    assert!(unseen.len() <= 3 && unseen.iter().all(known), "{unseen:?}");
}

/// As which user the file is written, and when root refuses.
#[test]
fn the_owner_writes_the_rules() {
    let Some(world) = world(&[]) else {
        return;
    };
    let (before, after) = disk(&world);
    let script = add_hba_lines(&edit(&world)).to_string();
    let run = |prepare: &str| {
        world.sh("rm -rf /run/world/small/*; mkdir -p /run/world/small/data; chown postgres: /run/world/small/data");
        put(&world, &before);
        world.sh(prepare);
        let output = world.try_sh("exec sh -s", &[], script.as_bytes());
        (output.success(), output.stderr)
    };
    let owner = || world.sh(&format!("stat -c '%U %a' {FILE}")).trim().to_owned();
    assert_eq!(run(""), (true, String::new()));
    assert_eq!((owner(), now(&world) == after), ("postgres 640".to_owned(), true));
    // Debian's files that belong to root's directory, and to the server's user.
    assert_eq!(run("chown root: /run/world/small/data"), (true, String::new()));
    assert_eq!((owner(), now(&world) == after), ("postgres 640".to_owned(), true));
    for (prepare, says) in [
        (
            "chown root: /run/world/small/data/pg_hba.conf",
            "change that: chown -h postgres",
        ),
        (
            "chown root:postgres /run/world/small/data; chmod g+w /run/world/small/data",
            "led astray",
        ),
        ("chown nobody: /run/world/small/data", "change that: chown -h nobody"),
        (
            "mkdir /run/world/small/own; cd /run/world/small/data; mv pg_hba.conf ../own; ln -s ../own/pg_hba.conf .",
            "led astray",
        ),
        (
            "cd /run/world/small; mkdir own; mv data/pg_hba.conf own; rmdir data; ln -s own data; chown -h postgres: data",
            "led astray",
        ),
        (
            "cd /run/world/small; mkdir nobodys; mv data nobodys; chown nobody: nobodys; ln -s nobodys/data data",
            "belong to other users",
        ),
    ] {
        let (done, said) = run(prepare);
        assert!(!done && said.contains(says), "{prepare}: {said}");
        assert!(now(&world) == before, "{prepare}");
    }
}

/// Exchanges names, as the server's user would who wants root to write elsewhere. The last argument is for how long, in
/// seconds, they are what they should be.
pub(super) const ATTACK: &str = r#"
my ($mode, $data, $victim, $folder, $calm) = @ARGV;
$SIG{TERM} = sub { exit 0 };
while (1) {
    if ($mode eq "temporary") {
        opendir(my $d, $data) or next;
        for (readdir $d) {
            next unless /^\.stitch-pg/ and not -l "$data/$_";
            unlink "$data/$_";
            symlink $victim, "$data/$_";
        }
        select undef, undef, undef, $calm;
    } elsif ($mode eq "name") {
        rename "$data/pg_hba.conf", "$data/aside" and symlink $victim, "$data/pg_hba.conf";
        select undef, undef, undef, 0.003;
        unlink "$data/pg_hba.conf" if -l "$data/pg_hba.conf";
        rename "$data/aside", "$data/pg_hba.conf";
        select undef, undef, undef, $calm;
    } else {
        rename $data, "$data.aside" and symlink $folder, $data;
        select undef, undef, undef, 0.002;
        unlink $data if -l $data;
        rename "$data.aside", $data;
        select undef, undef, undef, $calm;
    }
}
"#;

/// See [`ATTACK`]; what takes long is done between two exchanges, what is fast is met by them.
pub(super) const CALM: [&str; 4] = ["0.0005", "0.004", "0.03", "0.2"];

/// Root's files, to which links lead: their content, owners and modes.
const VICTIMS: &str = "cd /run/world/victims; stat -c '%n %U:%G %a' . *; cat *";

/// The server's user races root for names in its data directory, in each of three ways.
#[test]
fn the_servers_user_cannot_lead_root_elsewhere() {
    let bench = Bench::new();
    let Some(world) = bench.0.world() else { return };
    bench.rules("host all all all reject\n");
    let rules = bench.hba();
    world.sh_with(
        "mkdir /run/world/victims; cd /run/world/victims; echo secret >victim; cat >pg_hba.conf; chmod 600 *",
        &[],
        rules.as_bytes(),
    );
    let victims = world.sh(VICTIMS);
    let data = bench.0.socket_dir().join("data");
    let (mut won, mut tries) = (0, 0);
    for (round, calm) in CALM.iter().take(3).enumerate() {
        for mode in ["temporary", "name", "folder"] {
            bench.rules("host all all all reject\n");
            let attack = Program::new("setpriv", &bench.0)
                .args([
                    "--reuid",
                    "postgres",
                    "--regid",
                    "postgres",
                    "--clear-groups",
                    "perl",
                    "-e",
                    ATTACK,
                    mode,
                ])
                .arg(&data)
                .args(["/run/world/victims/victim", "/run/world/victims", calm]);
            let run = |command: &str| {
                stitch_pg(&bench.0)
                    .args([
                        command,
                        "--only",
                        "allowlist",
                        "--no-input",
                        "--yes",
                        "--manage",
                        "hba",
                        "--host",
                        "127.0.0.1",
                    ])
                    .args(["--admin-user", "postgres", "--database", "dw", "--region", "europe"])
                    .env("PGPASSWORD", POSTGRES_PASSWORD)
            };
            let undo = PathBuf::from(format!("/run/world/undo-{mode}-{round}.sh"));
            for what in ["setup", "undo", "remove"] {
                if what == "remove" {
                    // Something to remove, made undisturbed.
                    bench.rules("host all all all reject\n");
                    let made = run("setup").run();
                    assert_eq!(made.status, Some(0), "{made:#?}");
                }
                if what == "undo" {
                    bench.rules("host all all all reject\n");
                    let made = run("setup").arg("--undo").arg(&undo).run();
                    assert_eq!(made.status, Some(0), "{made:#?}");
                }
                let attacking = attack.start();
                match what {
                    "undo" => drop(
                        Program::new("sh", &bench.0)
                            .arg(&undo)
                            .env("PGPASSWORD", POSTGRES_PASSWORD)
                            .run(),
                    ),
                    command => drop(run(command).run()),
                }
                attacking.signal("TERM");
                drop(attacking);
                world.sh_with(
                    "cd \"$(dirname \"$1\")\"; if [ -L data ]; then rm data; fi; if [ -d data.aside ]; then mv data.aside data; fi
                     cd data; if [ -L pg_hba.conf ]; then rm pg_hba.conf; fi
                     if [ -e aside ]; then mv aside pg_hba.conf; fi; rm -f .stitch-pg.*
                     # The move may have put a link there, which is gone with the lines above.
                     if [ ! -e pg_hba.conf ]; then : >pg_hba.conf; chown postgres: pg_hba.conf; chmod 600 pg_hba.conf; fi",
                    &[data.to_str().expect("plain")],
                    b"",
                );
                tries += 1;
                let found = world.sh(VICTIMS);
                if found != victims {
                    won += 1;
                    println!("{mode}, {what}: won\n{found}");
                    world.sh_with(
                        "rm -rf /run/world/victims; mkdir /run/world/victims; cd /run/world/victims; echo secret >victim
                         cat >pg_hba.conf; chmod 600 *",
                        &[],
                        rules.as_bytes(),
                    );
                }
            }
        }
    }
    println!("{won} of {tries} races won");
    assert_eq!(won, 0, "of {tries}");
    assert!(tries >= 27 && rules.starts_with(HEAD));
}
