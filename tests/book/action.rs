//! The GitHub Action's own shell, run as GitHub runs it.

use std::fs;
use std::path::Path;

use crate::book::project;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::{Output, Place, Postgres, PostgresOptions, Program, STITCH_PG, world};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn script(name: &str, place: impl Into<Place>) -> Program {
    Program::new(project().join(".github/actions/check").join(name), place)
}

/// A release as build.sh leaves it, of the program under test.
pub(super) fn release(folder: &Path) {
    let name = format!("stitch-pg-{VERSION}-{}-unknown-linux-musl", std::env::consts::ARCH);
    let make = format!(
        "cd {}; mkdir {name}; cp {STITCH_PG} {name}; tar -czf {name}.tar.gz {name}; sha256sum *.tar.gz >SHA256SUMS",
        folder.display()
    );
    let packed = Program::new("sh", Place::Here).args(["-euc", &make]).run();
    assert!(packed.success(), "{packed:?}");
}

fn install(folder: &Path) -> Output {
    script("install.sh", Place::Here)
        .env("BASE", format!("file://{}", folder.display()))
        .env("VERSION", VERSION)
        .env("RUNNER_TEMP", folder)
        .env("GITHUB_PATH", folder.join("path"))
        .run()
}

#[test]
fn the_release_is_installed_if_its_checksum_is_right() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    release(folder.path());
    let installed = install(folder.path());
    assert!(installed.success(), "{installed:?}");
    let path = fs::read_to_string(folder.path().join("path")).expect("a folder for the search path");
    let said = Program::new(Path::new(path.trim()).join("stitch-pg"), Place::Here)
        .arg("--version")
        .run();
    assert_eq!(said.stdout, format!("stitch-pg {VERSION}\n"));

    let sums = folder.path().join("SHA256SUMS");
    let right = fs::read_to_string(&sums).expect("checksums");
    let other = if right.starts_with('0') { "1" } else { "0" };
    fs::write(&sums, format!("{other}{}", &right[1..])).expect("writable");
    let refused = install(folder.path());
    assert_eq!(refused.status, Some(1));
    assert!(refused.stdout.contains("is not what SHA256SUMS says"), "{refused:?}");
    fs::write(&sums, "").expect("writable");
    let unnamed = install(folder.path());
    assert_eq!(unnamed.status, Some(1));
    assert!(unnamed.stdout.contains("SHA256SUMS does not name"), "{unnamed:?}");
}

#[test]
fn the_outcome_is_in_the_outputs_and_the_summary() {
    let Some(world) = world(&[]) else {
        return;
    };
    let server = Postgres::start_in(&world, None, PostgresOptions::new());
    let home = world.home();
    let folder = Path::new(STITCH_PG).parent().expect("a file is in a folder");
    let run = |command: &str, arguments: &str| {
        let output = script("run.sh", &server)
            .env("PATH", format!("{}:{}", folder.display(), crate::support::world::PATH))
            .env("COMMAND", command)
            .env("ARGUMENTS", arguments)
            .env("RUNNER_TEMP", &home)
            .env("GITHUB_OUTPUT", home.join("output"))
            .env("GITHUB_STEP_SUMMARY", home.join("summary"))
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", "loader-secret")
            .run();
        let written = world.sh("cat /run/world/home/output; rm /run/world/home/output");
        (output.status, written)
    };
    let flags = "--host=localhost\n--admin-user=postgres\n--region=europe\n\n--skip=allowlist";
    let outputs = |code: i32, result: &str| {
        let report = home.join("stitch-pg-report.json");
        let written = format!("exit-code={code}\nresult={result}\nreport={}\n", report.display());
        (Some(code), written)
    };
    assert_eq!(run("check", flags), outputs(3, "pending"));
    assert_eq!(run("setup", &format!("{flags}\n--yes")), outputs(0, "applied"));
    assert_eq!(run("check", flags), outputs(0, "ready"));
    assert_eq!(run("check", "--region=mars"), outputs(2, "usage"));
    let summary = world.sh("cat /run/world/home/summary");
    for heading in ["check: pending", "setup: applied", "check: ready", "check: usage"] {
        assert!(summary.contains(&format!("### stitch-pg {heading}\n")), "{summary}");
    }
}
