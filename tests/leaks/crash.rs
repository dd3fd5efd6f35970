//! What a crash leaves behind: no core file, no secret in its last words, nothing for another process of the same user.

use std::fs;
use std::os::unix::fs::FileExt as _;

use stitch_pg::secret::Secret;

use crate::support::process::{DEADLINE, poll};
use crate::support::{Output, Program, STITCH_PG, world};

const PASSWORD: &str = "crash-pass-4711";

/// A copy of the program where every user may run it, and the words that start it as a user who is not root.
const AS_NOBODY: &str =
    "cp \"$1\" /run/world/tmp/stitch-pg; chmod 755 /run/world/tmp/stitch-pg; mkdir -m 777 /run/world/tmp/dump";

fn without_secret(output: &Output) {
    let all = format!("{}{}", output.stdout, output.stderr);
    assert!(!all.contains(PASSWORD), "{all}");
}

/// The system refuses us another thread, which makes tokio panic.
#[test]
fn a_panic_says_where_and_nothing_else() {
    let Some(world) = world(&[]) else {
        return;
    };
    world.sh_with(AS_NOBODY, &[STITCH_PG], b"");
    let output = Program::new("setpriv", &world)
        .args([
            "--reuid",
            "64321",
            "--regid",
            "64321",
            "--clear-groups",
            "prlimit",
            "--nproc=1:1",
            "--core=unlimited",
        ])
        .args(["/run/world/tmp/stitch-pg", "plan", "--no-input", "--host", "127.0.0.1"])
        .env("PGPASSWORD", PASSWORD)
        .env("STITCH_PG_PASSWORD", PASSWORD)
        .env("RUST_BACKTRACE", "full")
        .run();
    assert_eq!(output.status, Some(1), "{output:#?}");
    assert!(
        output
            .stderr
            .starts_with("stitch-pg: this is a defect of stitch-pg, at "),
        "{output:#?}"
    );
    assert_eq!(output.stderr.lines().count(), 1, "{output:#?}");
    without_secret(&output);
}

/// Killed by a signal that dumps core, where core files are asked for; no other process may read its memory meanwhile.
#[test]
fn a_crash_leaves_no_core_file() {
    let Some(world) = world(&[]) else {
        return;
    };
    world.sh_with(AS_NOBODY, &[STITCH_PG], b"");
    // A server that says nothing: the program waits.
    let script = "cd /run/world/tmp/dump; ulimit -c unlimited
        exec setpriv --reuid 64321 --regid 64321 --clear-groups \"$@\"";
    let silent = Program::new("perl", &world)
        .args(["-MIO::Socket::INET", "-e"])
        .arg("my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', LocalPort => 7010) or die; sleep 100;")
        .start();
    let crashing = |program: &[&str]| {
        let running = Program::new("sh", &world)
            .args(["-c", script, "sh"])
            .args(program)
            .env("PGPASSWORD", PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD)
            .start();
        let name = program[0].rsplit('/').next().unwrap_or_default().to_owned();
        let pid = poll(DEADLINE, || {
            let found = world.try_sh("pgrep -x -n -u 64321 \"$1\"", &[&name], b"");
            found.success().then(|| found.stdout.trim().to_owned())
        });
        (running, pid.expect("it runs"))
    };
    let files = || world.sh("ls -A /run/world/tmp/dump");
    // The place dumps core: a program that does not mind shows it.
    let (_other, pid) = crashing(&["sleep", "50"]);
    let readable = |pid: &str| {
        let read = "setpriv --reuid 64321 --regid 64321 --clear-groups cat \"/proc/$1/environ\"";
        world.try_sh(read, &[pid], b"").success()
    };
    assert!(readable(&pid));
    world.sh_with("kill -ABRT \"$1\"", &[&pid], b"");
    if fs::read_to_string("/proc/sys/kernel/core_pattern").is_ok_and(|pattern| pattern.starts_with("core")) {
        assert!(
            poll(DEADLINE, || (!files().is_empty()).then_some(())).is_some(),
            "no core file of another program"
        );
        world.sh("rm -f /run/world/tmp/dump/*");
    }
    let (_ours, pid) = crashing(&[
        "/run/world/tmp/stitch-pg",
        "plan",
        "--no-input",
        "--host",
        "127.0.0.1",
        "--port",
        "7010",
        "--timeout",
        "50",
        "--skip",
        "allowlist",
    ]);
    let status = || fs::read_to_string(world.outside(format!("/proc/{pid}/limits"))).unwrap_or_default();
    let limited = poll(DEADLINE, || {
        status()
            .lines()
            .any(|line| line.starts_with("Max core file size") && line.contains(" 0 "))
            .then_some(())
    });
    assert!(limited.is_some(), "{}", status());
    assert!(!readable(&pid), "its environment could be read");
    world.sh_with(
        "kill -ABRT \"$1\"; while kill -0 \"$1\" 2>/dev/null; do sleep 0.05; done",
        &[&pid],
        b"",
    );
    assert_eq!(files(), "");
    drop(silent);
}

/// Held against the memory of this very process: after a secret is dropped, and while it lives, nothing else has it.
#[test]
fn a_dropped_secret_is_wiped() {
    // Made so that the text stands nowhere but in what is made of it.
    let letters = || (0..48_u8).map(|n| char::from(b'A' + n % 26));
    let mut text = String::with_capacity(300);
    text.extend(letters());
    let before = text.as_ptr() as usize;
    let secret = Secret::new(text);
    let kept = secret.reveal().as_ptr() as usize;
    let same = |address: usize| {
        let mut found = [0; 48];
        let memory = fs::File::open("/proc/self/mem").expect("one's own memory");
        memory.read_exact_at(&mut found, address as u64).expect("mapped still");
        found
            .iter()
            .zip(letters())
            .filter(|(byte, letter)| **byte == *letter as u8)
            .count()
    };
    assert_eq!(same(kept), 48, "the secret is where it says it is");
    // The allocator writes its own links there; most of a secret that was not wiped would be there still.
    assert!(same(before) < 8, "what it was made from is not wiped");
    drop(secret);
    assert!(same(kept) < 8, "the dropped secret is not wiped");
}
