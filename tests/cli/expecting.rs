//! What was approved is what runs: the digest of a plan, and `setup --expect`.

use std::fs;

use crate::support::{Output, Postgres, Program, json};
use crate::{golden, in_ci, server};

/// What a plan would be approved by.
fn digest(server: &Postgres<'_>) -> String {
    let plan = in_ci(server).args(["plan", "--format", "json"]).run();
    let report = json::report(&plan.stdout);
    report["plan_digest"]
        .as_str()
        .expect("something is to be changed")
        .to_owned()
}

fn setup(server: &Postgres<'_>, expect: &str) -> Program {
    in_ci(server).args(["setup", "--yes", "--expect", expect])
}

#[track_caller]
fn refused(server: &Postgres<'_>, program: &Program) -> Output {
    let before = server.dump();
    let output = program.run();
    assert_eq!(output.status, Some(3), "{output:?}");
    assert_eq!(server.dump(), before, "a refused plan changed something");
    output
}

#[test]
fn what_was_approved_is_what_runs() {
    let Some(server) = server("what_was_approved_is_what_runs") else {
        return;
    };
    let approved = digest(&server);
    // Another password, another salt: the same plan. Text, JSON and Markdown name the same digest.
    let text = in_ci(&server)
        .env("STITCH_PG_PASSWORD", "another password")
        .arg("plan")
        .run();
    assert!(
        text.stdout.contains(&format!("Digest of this plan: {approved} ")),
        "{}",
        text.stdout
    );
    let page = in_ci(&server).args(["plan", "--format", "markdown"]).run();
    assert!(
        page.stdout.contains(&format!("Digest: `{approved}`")),
        "{}",
        page.stdout
    );
    golden::compare("cli/golden/plan.md", &page.stdout.replace(&version(&server), "VERSION"));

    let elsewhere = refused(
        &server,
        &setup(&server, &approved).args(["--stitch-host", "db.example.com", "--skip", "connection"]),
    );
    assert!(
        elsewhere
            .stderr
            .contains("The changes are the same, but on another server"),
        "{}",
        elsewhere.stderr
    );

    // Somebody makes a part of it meanwhile.
    server.psql("create database stitch");
    let refusal = refused(&server, &setup(&server, &approved));
    let parts: Vec<&str> = approved.split('.').skip(1).collect();
    let gone = format!(
        "\n- {} a change of the approved plan that is not planned now\n",
        parts[0]
    );
    let same = format!("\n  {} role: create the role \"stitch\"\n", parts[1]);
    assert!(
        refusal.stderr.contains(&gone) && refusal.stderr.contains(&same),
        "{}",
        refusal.stderr
    );

    let now = digest(&server);
    let done = setup(&server, &now).run();
    assert!(done.success(), "{done:?}");
    let again = setup(&server, &now).run();
    assert!(
        again.success(),
        "nothing is left to do, so nothing is refused: {again:?}"
    );
}

#[test]
fn a_plan_in_a_file_tells_every_line() {
    let Some(server) = server("a_plan_in_a_file_tells_every_line") else {
        return;
    };
    for format in ["json", "markdown"] {
        let plan = in_ci(&server).args(["plan", "--format", format]).run();
        let other = setup(&server, "approved").args(["--role", "other"]);
        fs::write(other.home().join("approved"), &plan.stdout).expect("the home can be written");
        let refusal = refused(&server, &other);
        for line in [
            "--- approved",
            "+++ now",
            "-CREATE ROLE \"stitch\" LOGIN PASSWORD '********';",
            "+CREATE ROLE \"other\" LOGIN PASSWORD '********';",
        ] {
            assert!(
                refusal.stderr.lines().any(|said| said == line),
                "{line}: {}",
                refusal.stderr
            );
        }
        assert!(!refusal.stderr.contains("\n-CREATE DATABASE"), "{}", refusal.stderr);
    }
    let same = setup(&server, "approved").run();
    assert!(same.success(), "{same:?}");
}

#[test]
fn no_digest_and_no_file() {
    let Some(server) = server("no_digest_and_no_file") else {
        return;
    };
    let output = setup(&server, "abc").run();
    assert_eq!(output.status, Some(2), "{output:?}");
    assert!(
        output
            .stderr
            .contains("--expect takes a digest, or a file that holds the plan"),
        "{}",
        output.stderr
    );
    let empty = setup(&server, "empty");
    fs::write(empty.home().join("empty"), "no plan").expect("the home can be written");
    let output = empty.run();
    assert_eq!(output.status, Some(2), "{output:?}");
    assert!(
        output.stderr.contains("holds no plan of stitch-pg"),
        "{}",
        output.stderr
    );
}

/// The server's version as reports have it.
fn version(server: &Postgres<'_>) -> String {
    let plan = in_ci(server).args(["plan", "--format", "json"]).run();
    let report = json::report(&plan.stdout);
    report["server"]["version"].as_str().expect("it was reached").to_owned()
}
