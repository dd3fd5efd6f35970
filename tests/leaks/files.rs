//! Every file that the program writes is, whatever happens, as it was before or complete: a full disk, a limit, a read-only
//! file system, another program at the same file, `kill -9`.

use std::fs;
use std::path::PathBuf;

use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::process::{DEADLINE, poll};
use crate::support::{Output, Postgres, Program, STITCH_PG, World, stitch_pg, world};

mod killed;
mod known;
mod links;
mod torn;

const PASSWORD: &str = "a password";
/// An undo file as an earlier run left it; a whole number of pages, so that a full disk has no room at its end.
const OLD_UNDO: &str = "#!/bin/sh\n# Undoes the changes of stitch-pg, newest first. Read it before you run it: sh THIS_FILE\nset -u\nundo=\n";

/// The files that a run without a terminal writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Settings,
    Undo,
    Report,
    Sheet,
    Password,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Settings, Self::Undo, Self::Report, Self::Sheet, Self::Password];

    /// What is there before: what must be left, or nothing where an existing file is never written to.
    fn before(self) -> Option<String> {
        match self {
            Self::Settings | Self::Password => None,
            Self::Undo => {
                let line = "# a remark of an earlier run\n";
                let mut text = OLD_UNDO.to_owned();
                while text.len() + line.len() < 8192 {
                    text.push_str(line);
                }
                let rest = 8192 - text.len();
                Some(format!("{text}#{}\n", "x".repeat(rest - 2)))
            }
            Self::Report => Some("{\"an older\": \"report\"}\n".to_owned()),
            Self::Sheet => Some("stitch-pg connection sheet\n\nof yesterday\n".to_owned()),
        }
    }

    /// A run that writes it, in front of which other words may stand.
    fn program(self, world: &World, front: &[&str], file: &str) -> Program {
        let words: Vec<&str> = match self {
            Self::Settings => vec!["config", "init", file, "--host", "127.0.0.1"],
            Self::Undo => vec!["setup", "--yes", "--only", "role", "--undo", file],
            Self::Report => vec!["check", "--only", "role", "--port", "1", "--report", file],
            Self::Sheet => vec!["check", "--skip", "allowlist", "--sheet", file],
            Self::Password => {
                vec![
                    "setup",
                    "--yes",
                    "--only",
                    "role",
                    "--generate-password",
                    "--password-file",
                    file,
                ]
            }
        };
        let program = match front {
            [] => stitch_pg(world),
            [first, rest @ ..] => Program::new(first, world).args(rest).arg(STITCH_PG),
        };
        let program = program.args(words).env("PGPASSWORD", POSTGRES_PASSWORD);
        let program = match self {
            Self::Settings => program,
            _ => program.args(["--no-input", "--host", "127.0.0.1", "--admin-user", "postgres"]),
        };
        match self {
            Self::Password | Self::Settings => program,
            _ => program.env("STITCH_PG_PASSWORD", PASSWORD),
        }
    }
}

fn read(world: &World, file: &str) -> Option<String> {
    fs::read_to_string(world.outside(file)).ok()
}

fn put(world: &World, file: &str, text: Option<&str>) {
    match text {
        Some(text) => world.sh_with("rm -f \"$1\"; (umask 077; cat >\"$1\")", &[file], text.as_bytes()),
        None => world.sh_with("rm -f \"$1\"", &[file], b""),
    };
}

fn strays(world: &World, folder: &str) -> String {
    world.sh_with("ls -A \"$1\" | grep '^[.]stitch-pg' || :", &[folder], b"")
}

fn says(output: &Output, words: &str) -> bool {
    output.stdout.contains(words) || output.stderr.contains(words)
}

/// A server that has the database and not the role, unless the run needs one that is ready.
fn server(world: &World) -> Postgres<'_> {
    let server = Postgres::start_in(world, None, crate::support::PostgresOptions::new());
    server.psql("CREATE DATABASE stitch");
    server
}

fn has_role(server: &Postgres<'_>) -> bool {
    server
        .psql("SELECT count(*) FROM pg_roles WHERE rolname = 'stitch'")
        .trim()
        == "1"
}

fn without_role(server: &Postgres<'_>) {
    if has_role(server) {
        server.psql_in("stitch", "DROP OWNED BY stitch");
        server.psql("DROP OWNED BY stitch; DROP ROLE stitch");
    }
}

/// A role that is ready, for the sheet.
fn ready(world: &World) {
    let made = Kind::Undo.program(world, &[], "/run/world/tmp/ready-undo.sh").run();
    assert_eq!(made.status, Some(0), "{made:#?}");
}

const FULL: &str = "/run/world/full";

/// Each kind of file, each fault of the disk.
#[test]
fn every_file_and_every_fault_of_the_disk() {
    let Some(world) = world(&[]) else {
        return;
    };
    let server = server(&world);
    world.sh(&format!("mkdir {FULL}; mount -t tmpfs -o size=64k tmpfs {FULL}"));
    let file = format!("{FULL}/file");
    let quota = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/run/world/tmp/quota",
        "-e",
        "trace=fallocate,fsync,fdatasync",
        "-e",
        "inject=fallocate,fsync,fdatasync:error=EDQUOT",
    ];
    let faults: [(&str, &str, &[&str], &str); 4] = [
        // What a quota that is used up says. Kernels of test machines have none.
        ("a quota", ":", &quota, "uota exceeded"),
        (
            "full disk",
            "dd if=/dev/zero of=/run/world/full/fill bs=4096 2>/dev/null || :",
            &[],
            "No space left",
        ),
        ("a limit for files", ":", &["prlimit", "--fsize=0"], "File too large"),
        (
            "read-only",
            "mount -o remount,ro /run/world/full",
            &[],
            "Read-only file system",
        ),
    ];
    for kind in Kind::ALL {
        if kind == Kind::Sheet {
            ready(&world);
        }
        for (fault, prepare, front, error) in faults {
            if kind != Kind::Sheet {
                without_role(&server);
            }
            let before = kind.before();
            put(&world, &file, before.as_deref());
            world.sh(prepare);
            let output = kind.program(&world, front, &file).run();
            world.sh("mount -o remount,rw /run/world/full; rm -f /run/world/full/fill");
            let case = format!("{kind:?}, {fault}");
            assert_eq!(output.status, Some(1), "{case}: {output:#?}");
            assert!(says(&output, error) && says(&output, &file), "{case}: {output:#?}");
            assert!(
                says(&output, "next: ") || says(&output, "Next: "),
                "{case}: {output:#?}"
            );
            assert_eq!(read(&world, &file), before, "{case}");
            assert_eq!(strays(&world, FULL), "", "{case}");
            if matches!(kind, Kind::Undo | Kind::Password) {
                assert!(!has_role(&server), "{case}: changed without a record of it");
            }
            println!("{case}: as it was, exit status 1, \"{error}\"");
            // With room it is written.
            let again = kind.program(&world, &[], &file).run();
            assert!(matches!(again.status, Some(0 | 1 | 4)), "{case}: {again:#?}");
            assert_ne!(read(&world, &file), before, "{case}");
        }
    }
}

/// Another program is at the file between the look and the move, which is held up until it is done.
#[test]
fn what_another_program_writes_meanwhile_is_kept() {
    let Some(world) = world(&[]) else {
        return;
    };
    let server = server(&world);
    world.sh("mkdir /run/world/out");
    let file = "/run/world/out/file";
    let theirs = "of another program\n";
    for kind in [Kind::Settings, Kind::Report, Kind::Sheet, Kind::Password] {
        without_role(&server);
        if kind == Kind::Sheet {
            ready(&world);
        }
        put(&world, file, kind.before().as_deref());
        let late = [
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "trace=renameat2",
            "-e",
            "inject=renameat2:delay_enter=1500000:when=1",
        ];
        let run = kind.program(&world, &late, file).start();
        let staged = poll(DEADLINE, || {
            (!strays(&world, "/run/world/out").is_empty()).then_some(())
        });
        assert!(staged.is_some(), "{kind:?}");
        put(&world, file, Some(theirs));
        let output = run.finish(DEADLINE);
        assert_eq!(output.status, Some(1), "{kind:?}: {output:#?}");
        assert_eq!(read(&world, file).as_deref(), Some(theirs), "{kind:?}");
        assert_eq!(strays(&world, "/run/world/out"), "", "{kind:?}");
        assert!(says(&output, "was not changed"), "{kind:?}: {output:#?}");
        assert!(
            kind != Kind::Password || !has_role(&server),
            "the role has a password that nobody knows"
        );
    }
    // A file that grows is appended to, also while another program appends to it.
    without_role(&server);
    put(&world, file, Kind::Undo.before().as_deref());
    let late = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=fallocate,fsync,fdatasync",
        "-e",
        "inject=fallocate:delay_enter=1500000:when=2",
    ];
    let run = Kind::Undo.program(&world, &late, file).start();
    let before = Kind::Undo.before().unwrap_or_default();
    let opened = poll(DEADLINE, || {
        let links = world.sh("ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c /run/world/out/file || :");
        (links.trim() != "0").then_some(())
    });
    assert!(opened.is_some());
    world.sh_with("printf '# theirs\\n' >>\"$1\"", &[file], b"");
    let output = run.finish(DEADLINE);
    assert_eq!(output.status, Some(0), "{output:#?}");
    let now = read(&world, file).unwrap_or_default();
    assert!(
        now.starts_with(&before) && now.contains("\n# theirs\n") && now.contains("\n{ undo=\"undo_"),
        "{now}"
    );
    assert_eq!(world.sh_with("sh -n \"$1\" && echo fine", &[file], b"").trim(), "fine");
}

/// One module writes files: no other opens one to write to it.
#[test]
fn one_module_writes_files() {
    // Temporary folders, of the demo and of the machine's own ssh (a key of ours, 0600); pipes and terminals that a report
    // or a pager writes to.
    let known = [
        "src/demo",
        "src/report_file.rs",
        "src/output_file.rs",
        "src/world/pager.rs",
        "src/world/ssh_program",
    ];
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("text");
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let name = path
                .strip_prefix(env!("CARGO_MANIFEST_DIR"))
                .expect("ours")
                .display()
                .to_string();
            let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
            let writes = [
                "OpenOptions",
                "File::create",
                "fs::write",
                "fs::rename",
                "fs::copy",
                "NamedTempFile",
                "set_permissions",
            ];
            if !is_test
                && !known.iter().any(|known| name.starts_with(known))
                && writes.iter().any(|write| text.contains(write))
            {
                found.push(name);
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}
