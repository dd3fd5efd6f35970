//! The demo: it ends well, it can be stopped at any moment, and nothing is left of it.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Need, Output, Place, Program, STITCH_PG, World, process, stitch_pg, world};

/// Far more than a demo takes, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(180);

/// Whatever a demo could have left in its world: processes, files, shared memory.
const LEFT_BEHIND: &str = r#"
for comm in /proc/[0-9]*/comm; do
    case $(cat "$comm" 2>/dev/null) in
        postgres | initdb | sshd | unshare) echo "process ${comm%/comm}: $(cut -d' ' -f2-5 "${comm%comm}stat")" ;;
    esac
done
ls -A /run/world/tmp /dev/shm | sed '/^$/d; /:$/d; s/^/file /'
sed '1d; s/^/segment /' /proc/sysvipc/shm
"#;

fn left_behind(world: &World) -> String {
    world.sh(LEFT_BEHIND)
}

/// The accounts and homes of the machine, as the world has them.
fn accounts(world: &World) -> String {
    // Root's own folder without times: cargo writes to its cache there whenever it likes.
    world.sh("cat /etc/passwd /etc/group /etc/shadow; ls -la /etc /home /var/mail; ls -A /root")
}

#[track_caller]
fn assert_done(output: &Output) {
    let Output { stdout, stderr, .. } = output;
    assert_eq!(output.status, Some(0), "--- stdout\n{stdout}\n--- stderr\n{stderr}");
    let (first, rest) = stdout.split_once("2. The same again").expect("the second part");
    let (second, third) = rest.split_once("3. A check").expect("the third part");
    assert!(first.contains(" made and verified."), "{first}");
    assert!(first.contains("CREATE DATABASE \"stitch\""), "{first}");
    assert!(
        second.contains("nothing had to be changed") || second.contains("Nothing had to be changed"),
        "{second}"
    );
    assert!(third.contains("ready: ") || third.contains("Ready: "), "{third}");
    assert!(third.contains("Nothing is left behind."), "{third}");
    assert!(!stdout.contains('✗'), "{stdout}");
    assert_eq!(stderr, "");
}

#[test]
fn it_ends_well_and_leaves_nothing() {
    let Some(world) = world(&[]) else {
        return;
    };
    world.sh(HIDE_SSHD);
    let before = accounts(&world);
    let output = stitch_pg(&world).arg("demo").deadline(DEADLINE).run();
    assert_done(&output);
    assert!(
        output
            .stdout
            .contains("The SSH part is skipped: there is no sshd on this machine"),
        "{}",
        output.stdout
    );
    assert_eq!(left_behind(&world), "");
    assert_eq!(accounts(&world), before);
}

/// On the machine itself, with and without root: the only one of these tests that needs no world.
#[test]
fn it_ends_well_on_this_machine() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let output = stitch_pg(Place::Here)
        .arg("demo")
        .env("TMPDIR", temporary.path())
        .deadline(DEADLINE)
        .run();
    assert_done(&output);
    let left: Vec<_> = fs::read_dir(temporary.path()).expect("still there").collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The machine that runs the tests may have an SSH server.
const HIDE_SSHD: &str = "[ ! -e /usr/sbin/sshd ] || mount --bind /run/world/tmp /usr/sbin/sshd 2>/dev/null ||
    { mkdir /run/sbin; cp -a /usr/sbin/. /run/sbin/; rm /run/sbin/sshd; mount --bind /run/sbin /usr/sbin; }";

/// Puts the bastions' layer, which holds an SSH server, under the world's own /usr and /etc. What is written to /etc
/// then shows in /run/etc.
const SHOW_SSHD: &str = "mkdir /run/layer /run/etc /run/work
    tar --xattrs --xattrs-include='*' -C /run/layer -xf \"$CACHE/layer.tar\"
    mount -t overlay overlay -o lowerdir=/run/layer/usr:/usr /usr
    mount -t overlay overlay -o lowerdir=/run/layer/etc:/etc,upperdir=/run/etc,workdir=/run/work /etc";

fn world_with_sshd() -> Option<World> {
    let world = world(&[Need::Bastion])?;
    world.sh(SHOW_SSHD);
    Some(world)
}

#[test]
fn with_an_ssh_server_the_machine_s_accounts_stay() {
    let Some(world) = world_with_sshd() else {
        return;
    };
    let before = accounts(&world);
    let output = stitch_pg(&world).arg("demo").deadline(DEADLINE).run();
    assert_done(&output);
    assert!(
        output.stdout.contains("An SSH server on 127.0.0.1:"),
        "{}",
        output.stdout
    );
    assert!(
        output.stdout.contains("3/7 ssh-user: 2 changes made and verified"),
        "{}",
        output.stdout
    );
    readme_shows(&output.stdout);
    assert_eq!(left_behind(&world), "");
    assert_eq!(accounts(&world), before);
    assert_eq!(world.sh("ls -A /run/etc"), "", "something was written to /etc");
}

/// The run in README.md is the demo's, but for numbers, keys, the temporary folder, and where lines are folded.
#[track_caller]
fn readme_shows(demo: &str) {
    const README: &str = include_str!("../README.md");
    let (_, run) = README.split_once("## A run").expect("the run");
    let (_, run) = run.split_once("```text\n").expect("its text");
    let (run, _) = run.split_once("```").expect("its end");
    let demo = but_for_what_changes(demo);
    let shown: Vec<String> = run.split("[…]").map(but_for_what_changes).collect();
    assert!(shown.len() > 5);
    for piece in shown {
        assert!(demo.contains(&piece), "README.md shows: {piece}\nthe demo says: {demo}");
    }
}

fn but_for_what_changes(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| *word != "\\");
    let alike = words.map(|word| match word.split_once("SHA256:") {
        Some(_) => "SHA256".to_owned(),
        None if word.contains("stitch-pg-demo-") => "FILE".to_owned(),
        None => word
            .chars()
            .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
            .collect(),
    });
    let text = alike.collect::<Vec<_>>().join(" ");
    // However many digits a number has.
    (0..5).fold(text, |text, _| text.replace("00", "0"))
}

/// Waits until the demo has made this file or folder.
#[track_caller]
fn wait_until_there(world: &World, name: &str) {
    let check = format!("ls -d /run/world/tmp/{name} 2>/dev/null || :");
    let there = process::poll(DEADLINE, || (!world.sh(&check).is_empty()).then_some(()));
    assert!(there.is_some(), "{name} was never made");
}

#[test]
fn it_can_be_stopped_at_any_moment() {
    let Some(world) = world_with_sshd() else {
        return;
    };
    let before = accounts(&world);
    // What is there when it is stopped: its folder; the server's files; the server; in the setup; in the second run.
    for (signal, moment) in [
        ("INT", "stitch-pg-demo-*"),
        ("TERM", "stitch-pg-demo-server-*/data/base"),
        ("INT", "stitch-pg-demo-server-*/data/postmaster.pid"),
        ("INT", "stitch-pg-demo-*/stitch.pw"),
        ("TERM", "stitch-pg-demo-*/report.json"),
    ] {
        let running = stitch_pg(&world).arg("demo").start();
        wait_until_there(&world, moment);
        running.signal(signal);
        let asked = Instant::now();
        let output = running.finish(DEADLINE);
        let took = asked.elapsed();
        assert!(
            matches!(output.status, Some(130 | 0)),
            "{signal} at {moment}: {:?}\n{}\n{}",
            output.status,
            output.stdout,
            output.stderr
        );
        assert_eq!(left_behind(&world), "", "{signal} at {moment}, ended after {took:?}");
    }
    assert_eq!(accounts(&world), before);
}

#[test]
fn a_killed_demo_s_servers_end_by_themselves() {
    let Some(world) = world_with_sshd() else {
        return;
    };
    for moment in [
        "stitch-pg-demo-*",
        "stitch-pg-demo-server-*/data/base",
        "stitch-pg-demo-server-*/data/postmaster.pid",
        "stitch-pg-demo-*/stitch.pw",
    ] {
        let running = stitch_pg(&world).arg("demo").start();
        wait_until_there(&world, moment);
        running.signal("KILL");
        drop(running.finish(DEADLINE));
        let servers = |left: &str| left.contains("process") || left.contains("server") || left.contains("segment");
        let gone = process::poll(DEADLINE, || (!servers(&left_behind(&world))).then_some(()));
        assert!(gone.is_some(), "{}", left_behind(&world));
    }
}

#[test]
fn without_a_server_it_says_how_to_get_one() {
    let Some(world) = world(&[]) else {
        return;
    };
    world.sh(
        "for hidden in /usr/lib/postgresql /usr/pgsql-*; do [ ! -d $hidden ] || mount -t tmpfs tmpfs $hidden; done
         printf 'ID=rocky\\nID_LIKE=\"rhel centos fedora\"\\n' >/run/os-release
         mount --bind /run/os-release \"$(readlink -f /etc/os-release)\"",
    );
    let output = stitch_pg(&world).arg("demo").run();
    assert_eq!(output.status, Some(1), "{}", output.stdout);
    assert_eq!(output.stdout, "");
    assert!(
        output.stderr.ends_with("next: sudo dnf install postgresql-server\n"),
        "{}",
        output.stderr
    );
    assert_eq!(left_behind(&world), "");
}

#[test]
fn an_ordinary_user_can_run_it() {
    let Some(world) = world(&[]) else {
        return;
    };
    // The checkout may lie in a home that is closed to others.
    let program = world.outside("/run/world/stitch-pg");
    fs::copy(STITCH_PG, &program).expect("room for a copy");
    let output = Program::new("runuser", &world)
        .args(["-u", "nobody", "--", "/run/world/stitch-pg", "demo"])
        .env("LC_ALL", "C")
        .env("NO_COLOR", "1")
        .deadline(DEADLINE)
        .run();
    assert_done(&output);
    assert!(output.stdout.is_ascii(), "{}", output.stdout);
    assert!(
        output.stdout.contains("The SSH part is skipped: it needs root"),
        "{}",
        output.stdout
    );
    assert_eq!(left_behind(&world), "");
}
